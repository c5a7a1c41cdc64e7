import { curl, type Variables } from './curl.ts'
import type { Reply, Sent } from './exchange.ts'
import type { Run } from './fuzz-rerun.ts'
import type { Mailed, RequestStep, Step, SuspensionStep } from './fuzz-steps.ts'
import { wordsIn } from './words.ts'

const HERE = 'http://127.0.0.1:3000'

/** What was answered, as far as a person wants to read. */
const told = (reply: Reply | null) =>
  reply === null ? '(no reply)' : `${reply.status} ${reply.text.slice(0, 2000)}`

const needs = (step: Step) =>
  step.kind === 'suspension' ? [step.user_id] : wordsIn(JSON.stringify(step.sent))

const suspension = ({ user_id }: SuspensionStep, variables: Variables) => {
  const name = variables.get(user_id)
  return `# suspend ${name === undefined ? user_id : `$${name}`} (npm run suspend), and wait for a second`
}

/** Tokens that nobody but a person with a mailbox can fill in. */
const mails = (step: RequestStep, mailed: readonly Mailed[], variables: Map<string, string>) =>
  mailed
    .filter(({ token }) => !variables.has(token) && needs(step).includes(token))
    .map(({ email, token }) => {
      const name = `MAILED_${variables.size + 1}`
      variables.set(token, name)
      return `${name}=  # the token in the mail to ${email}`
    })

/** A request whose reply tells what later ones need. */
const telling = (step: RequestStep, later: ReadonlySet<string>, variables: Map<string, string>) => {
  const command = curl('$API', step.sent, variables)
  const wanted = step.learned.filter(([, word]) => later.has(word) && !variables.has(word))
  if (wanted.length === 0) return [command.replace('--include', '--output /dev/null')]
  const taken = wanted.map(([place, word]) => {
    const field = place.replace(/^.*\./, '').replace(/\W/g, '')
    const name = `${field.toUpperCase()}_${variables.size + 1}`
    variables.set(word, name)
    return `${name}=$(node -p 'JSON.parse(process.argv[1])${place}' "$REPLY")`
  })
  return [`REPLY=$(${command.replace('--include ', '')})`, ...taken]
}

/** So that the shell fills it in. */
const addressed = (command: string) => command.replaceAll("'$API", `"$API"'`)

/** One request, and what was answered. */
export const single = (sent: Sent, reply: Reply | null) =>
  [`API=${HERE}`, addressed(curl('$API', sent)), '', told(reply)].join('\n')

/** A run as a script for a shell: each request as a curl command, the last of which shows the fault. */
export const script = ({ steps, mailed, end }: Run): string => {
  const variables = new Map<string, string>()
  const commands = steps.flatMap((step, at) => {
    if (step.kind === 'suspension') return [suspension(step, variables)]
    const later = new Set(steps.slice(at + 1).flatMap(needs))
    const opened = mails(step, mailed, variables)
    const last = at === steps.length - 1
    return [...opened, ...(last ? [curl('$API', step.sent, variables)] : telling(step, later, variables))]
  })
  const alone = steps.length === 1
  return [
    alone ? 'One request shows it:' : `${steps.length} requests show it, the last of them:`,
    '',
    `API=${HERE}  # REGISTRATION_MODE=verify RATE_LIMITS=off npm start, with nothing in it yet`,
    ...commands.map(addressed),
    '',
    told(end.reply),
  ].join('\n')
}

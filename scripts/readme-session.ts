import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * Runs the README's `console` blocks in one shell, line by line, and holds every reply against what is printed
 * there. An ellipsis (…) in the README stands for anything. The service must be running on port 3000.
 */
interface Step {
  command: string
  printed: string
}

const stepsOf = (markdown: string): Step[] =>
  [...markdown.matchAll(/```console\n([\s\S]*?)```/g)]
    .flatMap(([, block = '']) => block.split(/^\$ /m).slice(1))
    .map(step => {
      // A command goes on while its lines end with a backslash.
      const command = /^(?:.*\\\n)*.*/.exec(step)?.[0] ?? ''
      return { command, printed: step.slice(command.length).trim() }
    })

const asPattern = (printed: string) =>
  new RegExp(`^${printed.split('…').map(RegExp.escape).join('[\\s\\S]*?')}$`)

const MARK = '--end-of-step--'

const run = async (steps: readonly Step[]) => {
  const shell = spawn('bash', ['--noprofile', '--norc'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const output = shell.stdout.setEncoding('utf8')[Symbol.asyncIterator]()
  let unread = ''

  const reply = async (command: string) => {
    shell.stdin.write(`${command}\necho; echo ${MARK}\n`)
    while (!unread.includes(MARK)) {
      const { done, value } = await output.next()
      if (done) throw new Error(`the shell ended at: ${command}`)
      unread += value
    }
    const [text = '', ...rest] = unread.split(`${MARK}\n`)
    unread = rest.join(`${MARK}\n`)
    return text.replaceAll('\r', '').trim()
  }

  for (const { command, printed } of steps) {
    const got = await reply(command)
    if (!asPattern(printed).test(got)) {
      throw new Error(`$ ${command}\n  the README says: ${printed}\n  the service says: ${got}`)
    }
  }
  shell.stdin.end()
}

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

const readme = read('../README.md')
if (!readme.includes(read('./resume-upload.sh'))) throw new Error('README.md prints another resume-upload.sh')
const steps = stepsOf(readme)
await run(steps)
process.stdout.write(`README session: ${steps.length} passed, 0 failed\n`)

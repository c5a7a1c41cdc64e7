import { z } from 'zod'
import type { Dice } from './dice.ts'
import { exchange } from './exchange.ts'
import { ABSENT, json, type Person, send, type Thing, type World, write } from './kill-world.ts'

const Tokens = z.object({ token: z.string(), refresh_token: z.string() })
const Profile = z.object({
  user: z.object({ name: z.string(), profile_info: z.record(z.string(), z.string()) }),
})
const LoggedIn = z.object({ user: z.object({ user_id: z.string() }) })

export const profileValue = (name: string, info: Record<string, string>) => JSON.stringify([name, info])

/** A token that nobody knows to be good is worth a new log-in; it goes on until there is an answer. */
export const logIn = async (world: World, person: Person) => {
  const { email, password } = person
  const reply = await send(world, null, json('POST', '/auth/login', { email, password }))
  if (reply?.status === 200) {
    Object.assign(person, Tokens.parse(JSON.parse(reply.text)))
    person.user_id = LoggedIn.parse(JSON.parse(reply.text)).user.user_id
  } else if (reply && reply.status < 500) world.faults.push(`log-in of ${email}: ${reply.status}`)
}

const takeTokens = (person: Person, text: string) => Object.assign(person, Tokens.parse(JSON.parse(text)))

/** Whoever has sent a refresh token and got no answer does not know which one is good: they log in. */
const refresh = async (world: World, person: Person) => {
  const { refresh_token } = person
  if (refresh_token === null) return logIn(world, person)
  person.refresh_token = null
  const reply = await send(world, null, json('POST', '/auth/refresh', { refresh_token }))
  if (reply?.status === 200) takeTokens(person, reply.text)
  else if (reply && reply.status < 500) world.faults.push(`refresh of ${person.email}: ${reply.status}`)
}

const logOut = async (world: World, person: Person) => {
  const { token } = person
  const reply = await send(world, person, { method: 'POST', path: '/auth/logout' })
  Object.assign(person, { token: null, refresh_token: null })
  if (token !== null && reply?.status === 204) world.ended.push(token)
  await logIn(world, person)
}

const changeProfile = async (world: World, person: Person) => {
  const name = `Name ${++world.made}`
  const profile_info = { city: `City ${world.made}` }
  const sent = json('PATCH', '/users/profile', { name, profile_info })
  const sending = () => send(world, person, sent)
  await write(world, person.profile, profileValue(name, profile_info), sending, () => 'fault')
}

/** The account itself: whether one can log in to it. */
const accountOf = (world: World, email: string, password: string): Thing => ({
  name: `account ${email}`,
  may: new Set([ABSENT]),
  async look() {
    const reply = await send(world, null, json('POST', '/auth/login', { email, password }))
    return reply?.status === 200 ? 'there' : reply?.status === 401 ? ABSENT : `${reply?.status}`
  },
})

/** Somebody whose account is all that is ever looked at. */
const register = async (world: World) => {
  const email = `passer.by.${++world.made}@example.com`
  const thing = accountOf(world, email, 'a password of nobody')
  world.relations.set(thing.name, thing)
  const body = { email, password: 'a password of nobody', name: 'Passer-by' }
  const sending = () => send(world, null, json('POST', '/auth/register', body))
  await write(world, thing, 'there', sending, () => 'fault')
}

/** Somebody who acts. The process must be there to stay until they have their tokens. */
export const newPerson = async (world: World): Promise<Person> => {
  const email = `person.${++world.made}@example.com`
  const person: Person = {
    ...{ user_id: '', email, password: `the password of ${email}`, token: null, refresh_token: null },
    profile: {
      name: `profile ${email}`,
      may: new Set([profileValue('Person', {})]),
      async look() {
        const reply = await exchange(world.url, {
          method: 'GET',
          path: '/users/profile',
          headers: { Authorization: `Bearer ${person.token}` },
        })
        if (reply.status !== 200) return `${reply.status}`
        const { user } = Profile.parse(JSON.parse(reply.text))
        return profileValue(user.name, user.profile_info)
      },
    },
  }
  const account = accountOf(world, email, person.password)
  account.may = new Set(['there'])
  world.relations.set(account.name, account)
  const body = { email, password: person.password, name: 'Person' }
  await send(world, null, json('POST', '/auth/register', body))
  await logIn(world, person)
  world.people.push(person)
  return person
}

type PersonAction = (world: World, who: Person, dice: Dice) => Promise<unknown>

export const PERSON_ACTIONS: Record<string, PersonAction> = {
  register,
  changeProfile,
  logIn,
  refresh,
  logOut,
}

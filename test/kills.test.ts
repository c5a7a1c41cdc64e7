import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from '@jest/globals'
import { createDice, type Dice } from './support/dice.ts'
import { drain, faultsOf, sweep } from './support/fault-sweep.ts'
import { describeHeavy } from './support/heavy.ts'
import { checkAll, checkTouched } from './support/kill-checks.ts'
import { COMMENT_ACTIONS } from './support/kill-comments.ts'
import { FILE_ACTIONS } from './support/kill-files.ts'
import { checkLists } from './support/kill-lists.ts'
import { logIn, newPerson, PERSON_ACTIONS } from './support/kill-people.ts'
import { POST_ACTIONS } from './support/kill-posts.ts'
import { readTables, rowFaults } from './support/kill-rows.ts'
import { newWorld, type Person } from './support/kill-world.ts'
import { type Embedded, embeddedIn, openKilled, type Part, startKillable } from './support/killable.ts'
import { temporaryFolder } from './support/process.ts'
import { until } from './support/until.ts'

const KILLS = Number(process.env.KILLS ?? 100)
const SEED = Number(process.env.KILLS_SEED ?? randomInt(2 ** 31))
/** Machines at once: most of a round is one process's start, which one core is enough for. */
const MACHINES = 2
const PEOPLE = 8
/** Rounds of one machine until everything of it is looked at. */
const ALL_AFTER = 10
/** Answers from the beginning of a round until its kill. */
const MOST_ANSWERS = 50
/** Milliseconds from one answer on: what is under way is somewhere in it. */
const ONE_ANSWER_MS = 10
/** Milliseconds for which work goes on with a backend away. */
const LONGEST_OUTAGE_MS = 400

const ACTIONS = Object.entries({ ...POST_ACTIONS, ...COMMENT_ACTIONS, ...FILE_ACTIONS, ...PERSON_ACTIONS })
/** What is killed, as often as it is named here. */
const VICTIMS: readonly (readonly Part[])[] = [
  ...Array<Part[]>(7).fill(['process']),
  ['dynoxide'],
  ['redis-server'],
  ['process', 'dynoxide', 'redis-server'],
]

type Running = Awaited<ReturnType<typeof startKillable>>

/** One machine: a folder, what is known to be in it, and a process that lives for a while. */
const createMachine = (folder: string, dice: Dice) => {
  const env: Embedded = embeddedIn(folder)
  const world = newWorld()
  const kills: Record<string, number> = {}
  let last = 'nothing'
  const acted: Record<string, number> = {}
  let running: Running | null = null

  const start = async () => {
    running ??= await startKillable(env, dice)
    world.url = running.url
    return running
  }

  const stop = async () => {
    await running?.stop()
    running = null
  }

  /** Somebody who does one thing after the other until they are told to stop, or nobody answers. */
  const act = async (who: Person, own: Dice, stopped: () => boolean) => {
    while (!stopped()) {
      if (who.token === null) await logIn(world, who)
      const [name, action] = own.pick(ACTIONS) ?? []
      if (who.token === null || !name || !action) return
      acted[name] = (acted[name] ?? 0) + 1
      await action(world, who, own)
    }
  }

  const answers = () => world.outcomes.acknowledged

  const isReady = async () => {
    const reply = await fetch(`${world.url}/ready`)
    const text = await reply.text()
    return reply.status === 200 && !/"(degraded|down)"/.test(text)
  }

  const kill = async (plaza: Running) => {
    const parts = dice.pick(VICTIMS) ?? ['process']
    last = parts.join(' and ')
    kills[last] = (kills[last] ?? 0) + 1
    await plaza.kill(parts)
    if (parts.includes('process')) running = null
    // They go on meanwhile: what does one answer with half of it away?
    else await sleep(dice.below(LONGEST_OUTAGE_MS))
  }

  return {
    world,
    kills,
    acted,
    stop,
    faults: () => world.faults.map(fault => `after the death of ${last}: ${fault}`),

    async populate() {
      await start()
      await Promise.all(Array.from({ length: PEOPLE }, () => newPerson(world)))
    },

    async round() {
      const plaza = await start()
      let over = false
      const work = world.people.map(who => act(who, createDice(dice.below(2 ** 31)), () => over))
      const enough = answers() + dice.below(MOST_ANSWERS)
      await until(answers, count => count >= enough, 30_000)
      await sleep(dice.below(ONE_ANSWER_MS))
      await kill(plaza)
      over = true
      await Promise.all(work)
    },

    /** What was written in the last round, as the next process shows it. */
    async look() {
      await start()
      await until(isReady, ready => ready, 30_000)
      await checkTouched(world)
    },

    /** Everything that was begun is done, and everything is looked at. */
    async inventory() {
      // A stop waits for a cache that is on its way back, but not for ever.
      if (running) await until(isReady, ready => ready, 30_000)
      await stop()
      const opened = await openKilled(env)
      try {
        world.url = opened.url
        await drain(opened.context)
        const tables = await readTables(opened.context.backends.dynamo)
        world.faults.push(...rowFaults(tables), ...(await faultsOf(opened.context)))
        await checkAll(world, tables)
        await checkLists(world, tables)
        expect(await sweep(opened.context)).toEqual({ orphans: [], uploads: [], missing: [] })
        return tables
      } finally {
        await opened.close()
      }
    },
  }
}

const sum = (counts: Record<string, number>[]) =>
  counts.reduce<Record<string, number>>((all, some) => {
    for (const [name, count] of Object.entries(some)) all[name] = (all[name] ?? 0) + count
    return all
  }, {})

describeHeavy(`${KILLS} kills at random moments`, () => {
  const undo: (() => unknown)[] = []
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step()
  })

  test('lose nothing that was acknowledged and leave nothing half-done', async () => {
    process.stdout.write(`the seed is KILLS_SEED=${SEED}\n`)
    const machines = Array.from({ length: MACHINES }, (_, at) => {
      const folder = temporaryFolder()
      const machine = createMachine(folder.path, createDice(SEED + at))
      undo.push(folder.remove, machine.stop)
      return machine
    })
    const rounds = KILLS / MACHINES
    let broken = false
    const live = async (machine: (typeof machines)[number]) => {
      await machine.populate()
      for (let round = 1; round <= rounds && !broken; round++) {
        await machine.round()
        await (round % ALL_AFTER === 0 || round === rounds ? machine.inventory() : machine.look())
        expect(machine.faults()).toEqual([])
      }
    }
    // Where one fails, the other one comes to an end of its round: nothing is left running.
    const lives = machines.map(machine =>
      live(machine).catch(error => {
        broken = true
        throw error
      }),
    )
    await Promise.allSettled(lives)
    await Promise.all(lives)
    const worlds = machines.map(({ world }) => world)
    const outcomes = sum(worlds.map(world => world.outcomes))
    const kills = sum(machines.map(machine => machine.kills))
    process.stdout.write(`${JSON.stringify({ kills, outcomes })}\n`)
    const acted = sum(machines.map(machine => machine.acted))
    expect(Object.keys(acted).sort()).toEqual(ACTIONS.map(([name]) => name).sort())
    // The kills were felt, and all the same much got through.
    expect(outcomes.unknown).toBeGreaterThan(KILLS / 2)
    expect(outcomes.acknowledged).toBeGreaterThan(KILLS * 10)
  }, 600_000)
})

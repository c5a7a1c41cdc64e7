import { randomBytes } from 'node:crypto'
import sharp from 'sharp'
import { z } from 'zod'
import type { Dice } from './dice.ts'
import type { Sent } from './exchange.ts'
import { ABSENT, json, type KnownFile, ownGone, type Person, send, type World, write } from './kill-world.ts'
import { form } from './uploads.ts'

const Shown = z.object({
  file: z.object({
    file_id: z.string(),
    file_name: z.string(),
    tags: z.array(z.string()),
    is_public: z.boolean(),
    checksum_sha256: z.string(),
  }),
})
const Plan = z.object({ upload_id: z.string() })
const LONGEST = 60_000

/** One for all: what it shows does not matter, that it has a thumbnail does. */
const picture = sharp({ create: { width: 8, height: 8, channels: 3, background: '#08f' } })
  .png()
  .toBuffer()

interface FileState {
  file_name: string
  tags: string[]
  is_public: boolean
}

export const fileValue = ({ file_name, tags, is_public }: FileState) =>
  JSON.stringify([file_name, [...tags].sort(), is_public])

const look = async (world: World, { id, owner, bytes }: KnownFile) => {
  if (id === null) return null
  const reply = await send(world, owner, { method: 'GET', path: `/files/${id}` })
  if (reply?.status === 404) return ABSENT
  if (reply?.status !== 200) throw new Error(`${reply?.status} for the file ${id}`)
  const headers = { authorization: `Bearer ${owner.token}` }
  const content = Buffer.from(
    await (await fetch(`${world.url}/files/${id}/content`, { headers })).arrayBuffer(),
  )
  return content.equals(bytes) ? fileValue(Shown.parse(JSON.parse(reply.text)).file) : 'other bytes'
}

const newFile = async (world: World, owner: Person, dice: Dice) => {
  const name = `file${++world.made}`
  const isPicture = dice.below(5) === 0
  const made: KnownFile = {
    ...{ owner, id: null },
    bytes: isPicture ? await picture : randomBytes(1 + dice.below(LONGEST)),
    thing: { name, may: new Set([ABSENT]), look: () => look(world, made) },
  }
  world.files.push(made)
  const state: FileState = {
    file_name: `${name}.${isPicture ? 'png' : 'bin'}`,
    tags: dice.below(2) === 0 ? ['kept'] : [],
    is_public: dice.below(2) === 0,
  }
  return { made, state, type: isPicture ? 'image/png' : 'application/octet-stream' }
}

const uploading = async (
  world: World,
  made: KnownFile,
  state: FileState,
  sending: () => ReturnType<typeof send>,
) => {
  const reply = await write(world, made.thing, fileValue(state), sending, () => 'fault')
  if (reply && reply.status < 300) made.id = Shown.parse(JSON.parse(reply.text)).file.file_id
}

const upload = async (world: World, who: Person, dice: Dice) => {
  const { made, state, type } = await newFile(world, who, dice)
  const field = (name: string, body: string) => ({ head: `name="${name}"`, body })
  const parts = form([
    field('tags', JSON.stringify(state.tags)),
    field('is_public', String(state.is_public)),
    { head: `name="file"; filename="${state.file_name}"\r\nContent-Type: ${type}`, body: made.bytes },
  ])
  await uploading(world, made, state, () =>
    send(world, who, { method: 'POST', path: '/files/upload', ...parts }),
  )
}

/** What fails before the last step has left no file. */
const uploadInParts = async (world: World, who: Person, dice: Dice) => {
  const { made, state, type } = await newFile(world, who, dice)
  const plan = { ...state, file_type: type, file_size: made.bytes.length }
  const begun = await send(world, who, json('POST', '/files/uploads', plan))
  if (begun?.status !== 201) return
  const path = `/files/uploads/${Plan.parse(JSON.parse(begun.text)).upload_id}`
  const part: Sent = { method: 'PUT', path: `${path}/parts/1`, body: made.bytes }
  if ((await send(world, who, part))?.status !== 200) return
  await uploading(world, made, state, () => send(world, who, json('POST', `${path}/complete`, {})))
}

const someFile = ({ files }: World, dice: Dice, who: Person) =>
  dice.pick(files.filter(({ id, owner }) => id !== null && owner === who))

const rename = async (world: World, who: Person, dice: Dice) => {
  const one = someFile(world, dice, who)
  if (!one) return upload(world, who, dice)
  const state = {
    file_name: `${one.thing.name}.${++world.made}.bin`,
    tags: [],
    is_public: dice.below(2) === 0,
  }
  const sending = () => send(world, who, json('PATCH', `/files/${one.id}`, state))
  await write(world, one.thing, fileValue(state), sending, ownGone)
}

const deleteFile = async (world: World, who: Person, dice: Dice) => {
  const one = someFile(world, dice, who)
  if (!one) return
  const sending = () => send(world, who, { method: 'DELETE', path: `/files/${one.id}` })
  const reply = await write(world, one.thing, ABSENT, sending, ownGone)
  if (reply?.status === 204) one.id = null
}

type FileAction = (world: World, who: Person, dice: Dice) => Promise<unknown>

export const FILE_ACTIONS: Record<string, FileAction> = { upload, uploadInParts, rename, deleteFile }

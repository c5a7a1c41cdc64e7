import { mkdir, open, rename, rm, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { types } from 'node:util'

/** Windows cannot open folders, and has no need to. */
export const syncFolder = async (folder: string) => {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export const writeDurably = async (file: string, text: string) => {
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const ATTEMPTS = 100

/**
 * Renames a folder to a path whose parents are made where they are missing, and has it all on disk before it
 * returns. What it holds must be on disk already.
 * @param root a folder above the path that exists, and stays
 * @returns false when there is a folder that is not empty: a rename never replaces one
 */
export const moveInto = async (folder: string, path: string, root: string): Promise<boolean> => {
  for (let attempt = 1; ; attempt++) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    try {
      await rename(folder, path)
      break
    } catch (error) {
      // EPERM is what Windows says.
      if (isErrno(error, 'ENOTEMPTY', 'EEXIST', 'EPERM')) return false
      // Somebody has removed the last object beside it, and then the empty parents that we found or made.
      if (!isErrno(error, 'ENOENT') || attempt === ATTEMPTS) throw error
    }
  }
  // Also those that were there: who made them may not have come to this yet.
  for (let parent = dirname(path); ; parent = dirname(parent)) {
    await syncFolder(parent)
    if (parent === root) return true
  }
}

/**
 * Takes a folder away at once and for good, also if the process dies before its files are deleted: what lies
 * where it is moved to is deleted at the next start.
 * @returns false when there is no such folder
 */
export const takeAway = async (folder: string, to: string): Promise<boolean> => {
  try {
    await rename(folder, to)
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false
    throw error
  }
  await syncFolder(dirname(folder))
  await rm(to, { recursive: true, force: true })
  return true
}

/** From the folder upwards, as far as they are empty, and never the root. */
export const removeEmptyFolders = async (from: string, root: string) => {
  for (let folder = from; folder !== root; folder = dirname(folder)) {
    try {
      await rmdir(folder)
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) return
    }
  }
}

export const isErrno = (error: unknown, ...codes: string[]): boolean =>
  types.isNativeError(error) && 'code' in error && codes.includes(String(error.code))

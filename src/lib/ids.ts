import { v7 } from 'uuid'

/** A new UUIDv7 (RFC 9562): ids sort by the time at which they were made. */
export const newId = <Id extends string>(): Id => v7() as Id

/** When a UUIDv7 was made, in Unix milliseconds: its first 48 bits. */
export const timeOf = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)

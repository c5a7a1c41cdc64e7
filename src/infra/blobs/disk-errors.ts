import { Problem, unavailable } from '../../lib/errors.ts'
import { isErrno } from './durable-files.ts'

const PASSING = ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EMFILE', 'ENFILE', 'ENOMEM']

/** A disk that is full or failing is a store that is away; all else is told as it is. */
export const translateDisk = (error: unknown): unknown =>
  !(error instanceof Problem) && isErrno(error, ...PASSING)
    ? unavailable('The file store cannot take or give anything now.', 10, error)
    : error

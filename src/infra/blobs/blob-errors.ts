/** There is no object with that key. */
export class BlobNotFound extends Error {
  constructor(key: string, options?: ErrorOptions) {
    super(`there is no object ${key}`, options)
    this.name = 'BlobNotFound'
  }
}

/** There is an object with that key already, and it was left as it is. */
export class BlobExists extends Error {
  constructor(key: string, options?: ErrorOptions) {
    super(`there is an object ${key} already`, options)
    this.name = 'BlobExists'
  }
}

/** The upload was never begun, or is over: completed and its object removed, or aborted. */
export class UploadNotFound extends Error {
  constructor(uploadId: string, options?: ErrorOptions) {
    super(`there is no upload ${uploadId}`, options)
    this.name = 'UploadNotFound'
  }
}

/** A part is missing, or not of the size or with the ETag that was stated. */
export class PartMismatch extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'PartMismatch'
  }
}

/** The range begins past the object's end. */
export class RangeNotSatisfiable extends Error {
  constructor(key: string, options?: ErrorOptions) {
    super(`the range begins past the end of ${key}`, options)
    this.name = 'RangeNotSatisfiable'
  }
}

import {
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
  type ServiceInputTypes,
  type ServiceOutputTypes,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { PresignGetOptions, PresignPutOptions, SignedPut, SignedUrl } from './blob-store.ts'

/**
 * URLs by Signature Version 4 in the query (the AWS S3 API Reference, "Authenticating Requests: Using Query
 * Parameters"). Those made with temporary credentials end with them, even if their own time is longer.
 */
export const createS3Presigner = (client: S3Client, bucket: string) => {
  const sign = async <Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    command: Parameters<typeof getSignedUrl<ServiceInputTypes, Input, Output>>[1],
    expiresIn: number,
    headers: readonly string[] = [],
  ) => {
    // The signature has whole seconds.
    const signingDate = new Date(Math.floor(Date.now() / 1000) * 1000)
    const url = await getSignedUrl(client, command, {
      expiresIn,
      signingDate,
      // Without being named the type would not be signed, and anybody could store another one.
      signableHeaders: new Set(['host', ...headers]),
    })
    return { url, expires_at: new Date(signingDate.getTime() + expiresIn * 1000).toISOString() }
  }

  return {
    async get(key: string, options: PresignGetOptions): Promise<SignedUrl> {
      const command = new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ResponseContentType: options.contentType,
        ResponseContentDisposition: options.contentDisposition,
      })
      return { ...(await sign(command, options.expiresIn)), method: 'GET' }
    },

    async put(key: string, options: PresignPutOptions): Promise<SignedPut> {
      const { expiresIn, contentType, contentLength } = options
      const command = new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        ContentType: contentType,
        ContentLength: contentLength,
      })
      const signed = await sign(command, expiresIn, ['content-type', 'content-length'])
      const headers = { 'Content-Type': contentType, 'Content-Length': String(contentLength) }
      return { ...signed, method: 'PUT', headers }
    },

    async part(
      key: string,
      uploadId: string,
      partNumber: number,
      { size, expiresIn }: { size: number; expiresIn: number },
    ): Promise<SignedPut> {
      const command = new UploadPartCommand({
        Bucket: bucket,
        Key: key,
        UploadId: uploadId,
        PartNumber: partNumber,
        ContentLength: size,
      })
      const signed = await sign(command, expiresIn, ['content-length'])
      return { ...signed, method: 'PUT', headers: { 'Content-Length': String(size) } }
    },
  }
}

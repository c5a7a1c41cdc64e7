import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { z } from 'zod'
import { describeHeavy } from './support/heavy.ts'
import { BLOCK, type MeasuredProcess, MIB, startMeasured, Uploaded } from './support/measured-process.ts'
import { startTestS3, type TestS3 } from './support/swift.ts'

const Plan = z.looseObject({ upload_id: z.string(), parts_count: z.literal(128) })

const twentyAtOnce = (plaza: MeasuredProcess) =>
  plaza.growth(async () => {
    const files = await Promise.all(Array.from({ length: 20 }, () => plaza.send(32)))
    await Promise.all(files.map(({ file_id }) => plaza.drop(file_id)))
  })

describeHeavy('the memory of a server that takes uploads', () => {
  let plaza: MeasuredProcess

  beforeAll(async () => {
    plaza = await startMeasured()
  })
  afterAll(() => plaza.stop())

  test('grows by less than 100 MB for one of 1 GiB', async () => {
    await plaza.drop((await plaza.send(1)).file_id)
    const grown = await plaza.growth(async () => {
      const file = await plaza.send(1024)
      expect(file.file_size).toBe(1024 * MIB)
      await plaza.drop(file.file_id)
    })
    expect(grown).toBeLessThan(100)
  }, 60_000)

  test('grows by less than 100 MB for 1 GiB in parts that go through it', async () => {
    const { authorization, url } = plaza
    const headers = { authorization, 'Content-Type': 'application/json' }
    const about = { file_name: 'a.bin', file_type: 'application/octet-stream', file_size: 1024 * MIB }
    const grown = await plaza.growth(async () => {
      const body = JSON.stringify(about)
      const begun = await fetch(`${url}/files/uploads`, { method: 'POST', headers, body })
      const { upload_id, parts_count } = Plan.parse(await begun.json())
      const part = Buffer.concat(Array.from({ length: 8 }, () => BLOCK))
      for (let number = 1; number <= parts_count; number++) {
        const put = await fetch(`${url}/files/uploads/${upload_id}/parts/${number}`, {
          method: 'PUT',
          headers: { authorization },
          body: part,
        })
        expect(put.status).toBe(200)
        await put.arrayBuffer()
      }
      const complete = `${url}/files/uploads/${upload_id}/complete`
      const done = await fetch(complete, { method: 'POST', headers: { authorization } })
      const { file } = Uploaded.parse(await done.json())
      expect(file.file_size).toBe(1024 * MIB)
      await plaza.drop(file.file_id)
    })
    expect(grown).toBeLessThan(100)
  }, 120_000)

  test('grows by less than 250 MB for twenty of 32 MiB at once', async () => {
    expect(await twentyAtOnce(plaza)).toBeLessThan(250)
  }, 60_000)
})

describeHeavy('the memory of a server that passes uploads on to S3', () => {
  let s3: TestS3 | null
  let plaza: MeasuredProcess

  beforeAll(async () => {
    s3 = await startTestS3()
    if (!s3) return
    plaza = await startMeasured({
      S3_BUCKET: s3.bucket,
      S3_ENDPOINT: s3.endpoint,
      AWS_REGION: s3.region,
      AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
    })
  }, 60_000)
  afterAll(async () => {
    await plaza?.stop()
    await s3?.stop()
  })

  test('grows by less than 250 MB for twenty of 32 MiB at once', async () => {
    if (!s3) return
    await plaza.drop((await plaza.send(1)).file_id)
    expect(await twentyAtOnce(plaza)).toBeLessThan(250)
  }, 120_000)
})

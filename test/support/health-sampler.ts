import { Worker } from 'node:worker_threads'

/** Runs in a thread of its own: the thread of the test is busy with what it sends. */
const SAMPLER = `
const { parentPort, workerData } = require('node:worker_threads')
const { Agent, get } = require('node:http')
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
const samples = []
parentPort.once('message', () => {
  parentPort.postMessage(samples)
  parentPort.close()
  agent.destroy()
  process.exit()
})
const sample = () => {
  const began = performance.now()
  const answered = ms => {
    samples.push(ms)
    setTimeout(sample, 10)
  }
  get(workerData + '/health', { agent }, reply => {
    reply.resume().once('end', () => answered(reply.statusCode === 200 ? performance.now() - began : Infinity))
  }).once('error', () => answered(Infinity))
}
sample()
`

/** Asks a service for its health over and over, until the work is done. Gives how long each answer took in ms, sorted. */
export const sampleHealth = async (url: string, work: () => Promise<unknown>): Promise<number[]> => {
  const worker = new Worker(SAMPLER, { eval: true, workerData: url })
  const sampled = new Promise<number[]>((resolve, reject) => {
    worker.once('message', resolve).once('error', reject)
  })
  try {
    await work()
  } finally {
    worker.postMessage('stop')
  }
  return (await sampled).sort((a, b) => a - b)
}

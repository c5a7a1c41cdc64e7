import { createHash } from 'node:crypto'

/**
 * Reads what `npm sbom --sbom-format cyclonedx` prints and prints it without what differs from one run to the next:
 * the time is that of SOURCE_DATE_EPOCH (seconds), the serial number is made of the contents.
 */
let text = ''
for await (const chunk of process.stdin.setEncoding('utf8')) text += chunk

const sbom = JSON.parse(text)
const epoch = Number(process.env.SOURCE_DATE_EPOCH)
sbom.metadata.timestamp = new Date(epoch * 1000).toISOString()
// It names the npm of whoever packages.
sbom.metadata.tools = [{ vendor: 'npm', name: 'cli' }]
delete sbom.serialNumber

// Bits 6 and 7 of byte 8 and the upper half of byte 6 tell a UUID of version 8 (RFC 9562): made as its maker likes.
const bytes = createHash('sha256').update(JSON.stringify(sbom)).digest().subarray(0, 16)
bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
const serial = bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

const { bomFormat, specVersion, $schema, ...rest } = sbom
const stable = { $schema, bomFormat, specVersion, serialNumber: `urn:uuid:${serial}`, ...rest }
process.stdout.write(`${JSON.stringify(stable, null, 2)}\n`)

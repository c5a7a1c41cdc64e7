/**
 * A server that speaks SES v2, as a process of its own that can be killed: aws-ses-v2-local, made by others from
 * Amazon's documentation. It checks the form of requests; of signatures only that there is one. Takes its port.
 */
import ses from 'aws-ses-v2-local'

await ses.default({ host: '127.0.0.1', port: Number(process.argv[2]) })

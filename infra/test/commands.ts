import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** What an operator does, with rights of their own: making tables, and the reconciler. */
const OPERATOR: string[] = []

/**
 * The actions that a command of the AWS SDK needs. Source: the service authorization reference of AWS, "Actions,
 * resources, and condition keys" for DynamoDB, S3 and SES.
 */
export const ACTIONS: Record<string, string[]> = {
  GetCommand: ['dynamodb:GetItem'],
  BatchGetCommand: ['dynamodb:BatchGetItem'],
  BatchWriteCommand: ['dynamodb:BatchWriteItem'],
  QueryCommand: ['dynamodb:Query'],
  UpdateCommand: ['dynamodb:UpdateItem'],
  DeleteCommand: ['dynamodb:DeleteItem'],
  // A transaction needs those of what is in it.
  TransactWriteCommand: ['PutItem', 'UpdateItem', 'DeleteItem', 'ConditionCheckItem'].map(
    action => `dynamodb:${action}`,
  ),
  ScanCommand: OPERATOR,
  CreateTableCommand: OPERATOR,
  DescribeTableCommand: OPERATOR,
  UpdateContinuousBackupsCommand: OPERATOR,
  UpdateTimeToLiveCommand: OPERATOR,

  GetObjectCommand: ['s3:GetObject'],
  HeadObjectCommand: ['s3:GetObject'],
  PutObjectCommand: ['s3:PutObject'],
  DeleteObjectCommand: ['s3:DeleteObject'],
  CreateMultipartUploadCommand: ['s3:PutObject'],
  UploadPartCommand: ['s3:PutObject'],
  CompleteMultipartUploadCommand: ['s3:PutObject'],
  AbortMultipartUploadCommand: ['s3:AbortMultipartUpload'],
  ListPartsCommand: ['s3:ListMultipartUploadParts'],
  ListMultipartUploadsCommand: ['s3:ListBucketMultipartUploads'],
  ListObjectsV2Command: ['s3:ListBucket'],
  HeadBucketCommand: ['s3:ListBucket'],

  SendEmailCommand: ['ses:SendEmail'],
}

/** The names of the SDK's commands that are made anywhere in a folder. */
export const commandsOf = (folder: URL): string[] => {
  const cwd = fileURLToPath(folder)
  const text = globSync('**/*.ts', { cwd })
    .map(name => readFileSync(new URL(name.replaceAll('\\', '/'), folder), 'utf8'))
    .join('\n')
  return [...new Set([...text.matchAll(/\bnew ([A-Z]\w+Command)\(/g)].map(([, name = '']) => name))]
}

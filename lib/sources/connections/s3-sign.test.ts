import { expect, test } from 'vitest'
import { EMPTY_BODY, signedHeaders } from './s3-sign.ts'

const signer = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  region: 'us-east-1',
}
const at = new Date('2013-05-24T00:00:00Z')
const request = { method: 'GET', host: 'examplebucket.s3.amazonaws.com', headers: {}, bodyHash: EMPTY_BODY }

// The examples of the S3 reference.
test.each([
  [
    'a question about the bucket',
    { path: '/', query: { lifecycle: '' } },
    'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  ],
  [
    'a listing',
    { path: '/', query: { 'max-keys': '2', prefix: 'J' } },
    '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  ],
])('The signature of %s is the published one', (_, more, signature) => {
  expect(signedHeaders({ ...request, ...more }, signer, at).Authorization).toContain(`Signature=${signature}`)
})

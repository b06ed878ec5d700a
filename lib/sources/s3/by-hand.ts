import type { ByHand } from '../driver.ts'
import { oneLine, shellWord } from '../shell-text.ts'
import type { S3Settings } from './settings.ts'

export const byHand: ByHand<S3Settings> = ({ endpoint, bucket, prefix }, { folder }) => [
  `# REMOTE is what rclone config calls the service at ${oneLine(endpoint || 'Amazon S3')}.`,
  `cd "$(find ${shellWord(folder)} -type d -path '*/bucket/objects' | head -n 1)/.."`,
  `rclone copy objects "\${REMOTE:?}:"${shellWord(`${bucket}/${prefix}`)}`,
  '# Objects whose keys cannot be paths of files, and the content types of all, are in inventory.ndjson:',
  `jq -r 'select(.file // "" | startswith("unusual/")) | [.file, .key] | @tsv' inventory.ndjson`,
  'cd - > /dev/null',
]

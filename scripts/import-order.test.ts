import { expect, test } from 'vitest'
import { checkFile, compareFolders, lines, refusal } from './import-order.mjs'

test.each([
  ['lib/backups/trigger.ts', 'lib/auth/access.ts', null],
  ['lib/auth/access.ts', 'lib/backups/trigger.ts', 'comes later'],
  ['lib/restic/backup.ts', 'lib/sources/driver.ts', 'neighbours'],
  ['lib/sources/sqlite/open.ts', 'lib/database/client.ts', 'does not know lib/database'],
  ['lib/sources/sqlite/open.ts', 'lib/sources/postgres/open.ts', 'another driver'],
  ['lib/sources/registry.ts', 'lib/sources/postgres/open.ts', null],
  ['lib/sources/sqlite/open.ts', 'lib/sources/connections/sqlite.ts', null],
  ['lib/backups/trigger.ts', 'lib/testing/database.ts', 'for tests only'],
  ['lib/backups/trigger.test.ts', 'lib/testing/database.ts', null],
  ['graphql/backup.ts', 'lib/processes/server.ts', 'nobody imports lib/processes'],
  ['graphql/backup.ts', 'lib/backups/trigger.ts', null],
  ['lib/backups/trigger.ts', 'graphql/backup.ts', 'does not know graphql/'],
  ['lib/processes/server.ts', 'graphql/schema.ts', null],
  ['lib/restic/run.ts', 'node:child_process', 'only lib/process'],
  ['lib/process/child.ts', 'node:child_process', null],
])('%s importing %s: %s', (from, to, why) => {
  if (why === null) expect(refusal(from, to)).toBeNull()
  else expect(refusal(from, to)).toContain(why)
})

test.each([
  ['app/_ui/a.tsx', `import { trigger } from '#lib/backups/trigger.ts'`, 'imports lib/backups/trigger.ts'],
  ['app/x/page.tsx', `'use client'\nimport x from '#graphql/context.ts'`, 'imports only graphql/documents'],
  ['app/x/page.tsx', `'use client'\nimport { graphql } from '#graphql/documents/generated/gql.ts'`, null],
  ['lib/log/a.ts', 'export const level = process.env.LEVEL', 'reads process.env'],
  ['lib/config/a.ts', 'export const level = process.env.LEVEL', null],
  ['lib/log/a.ts', 'export const now = Date.now()', 'reads the clock'],
  ['lib/log/a.ts', 'export const now = new Date()', 'reads the clock'],
  ['lib/log/a.ts', 'export const then = new Date(5)', null],
  ['lib/log/a.ts', `const x: string = await import('../backups/trigger.ts')`, 'comes later'],
  ['lib/restic/a.ts', `import type { ChildProcess } from 'node:child_process'`, null],
])('%s with “%s”: %s', (path, source, why) => {
  const problems = checkFile(path, source)
  if (why === null) expect(problems).toEqual([])
  else expect(problems.join('\n')).toContain(why)
})

test('a folder that is only in lib/ or only in the order is named', () => {
  expect(compareFolders([...lines.flat(), 'testing'])).toEqual([])
  expect(compareFolders([...lines.flat().slice(1), 'orders'])).toEqual([
    'lib/orders is missing in the import order',
    'lib/errors is in the import order and does not exist',
  ])
})

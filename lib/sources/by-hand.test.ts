import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { recoveryPage } from '../../scripts/recovery.ts'

it('docs/recovery.md says what the drivers say: node scripts/recovery.ts writes it', () => {
  expect(readFileSync(new URL('../../docs/recovery.md', import.meta.url), 'utf8')).toBe(recoveryPage())
})

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runChild } from '#lib/process/child.ts'
import { mariadbMissing } from '#lib/testing/mariadb-server.ts'
import { postgresMissing } from '#lib/testing/postgres-server.ts'
import { act } from './pipeline.ts'
import { sourceCases } from './sources.ts'

const missing = (await postgresMissing()) ?? (await mariadbMissing())
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-test-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Runs the command as people do and gives the page that it wrote. */
async function pageOf(name: string): Promise<string> {
  const page = join(folder, `${name}.md`)
  const { PATH = '', REAL_RESTIC: RESTIC_BINARY = process.env.RESTIC_BINARY } = process.env
  const exit = await runChild({
    command: process.execPath,
    args: [join(import.meta.dirname, '../run.ts'), 'sources', name, '--small', '--page', page],
    env: { PATH, ...(RESTIC_BINARY === undefined ? {} : { RESTIC_BINARY }) },
  })
  expect(exit.code, exit.stderr).toBe(0)
  return readFile(page, 'utf8')
}

/** The rows of the page's tables by their first cell, ours first. */
function rowsOf(page: string): Map<string, string[][]> {
  const rows = page.split('\n').filter((line) => line.startsWith('| '))
  const cells = rows.map((row) => row.slice(2, -2).split(' | '))
  return Map.groupBy(cells, ([name]) => name as string)
}

describe.skipIf(missing)('The measurement of sources', () => {
  test.each(sourceCases)(
    'writes a section for %s in which every pipeline has its figures',
    { timeout: 300_000 },
    async (name) => {
      const page = await pageOf(name)
      expect(page).toContain(`<!-- made by npm run bench: sources ${name} -->`)
      expect(page).not.toMatch(/NaN|undefined|Infinity/)
      const { pipeline: heads = [], ...rows } = Object.fromEntries(rowsOf(page))
      expect(heads.length).toBeGreaterThanOrEqual(3)
      expect(Object.keys(rows).slice(0, 2)).toEqual(['ours', 'restic by hand'])
      const leftOut = page.match(/^Left out is /gm)?.length ?? 0
      expect(Object.keys(rows).length + leftOut).toBeGreaterThan(5)
      for (const own of Object.values(rows)) expect(own).toHaveLength(heads.length)
    },
  )
})

test('A pipeline in which any program fails is no measurement', async () => {
  const place = { target: folder, work: folder, run: 0, signal: new AbortController().signal }
  const surroundings = { PATH: '/usr/bin:/bin' }
  await expect(act('false | cat', place, surroundings)).rejects.toThrow('exit 1')
  await expect(act('false; true', place, surroundings)).rejects.toThrow('exit 1')
  await expect(act('true | cat; [ "$PASSPHRASE" ]', place, surroundings)).resolves.toBeUndefined()
})

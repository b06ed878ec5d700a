import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryContext } from '../conformance-context.ts'
import { identify, programFor } from './programs.ts'
import type { Family, ServerDescription } from './server.ts'

const server = (family: Family, version: string): ServerDescription => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return { family, version, major, minor, encrypted: false }
}

const SAYS = {
  mariadb103: 'mysqldump  Ver 10.17 Distrib 10.3.39-MariaDB, for debian-linux-gnu (x86_64)',
  mariadb1011: 'mariadb-dump  Ver 10.19 Distrib 10.11.19-MariaDB, for debian-linux-gnu (x86_64)',
  mariadb118: 'mariadb-dump from 11.8.2-MariaDB, client 10.19 for debian-linux-gnu (x86_64)',
  mysql57: 'mysqldump  Ver 10.13 Distrib 5.7.44, for Linux (x86_64)',
  mysql80: 'mysqldump  Ver 8.0.39-0ubuntu0.22.04.1 for Linux on x86_64 ((Ubuntu))',
  mysql97: 'mysqldump  Ver 9.7.4-2 for Linux on x86_64 ((Debian))',
}

test.each([
  [SAYS.mariadb103, 'MariaDB', '10.3.39'],
  [SAYS.mariadb1011, 'MariaDB', '10.11.19'],
  [SAYS.mariadb118, 'MariaDB', '11.8.2'],
  [SAYS.mysql57, 'MySQL', '5.7.44'],
  [SAYS.mysql80, 'MySQL', '8.0.39'],
  [SAYS.mysql97, 'MySQL', '9.7.4'],
])('knows “%s” by what it prints', (output, family, version) => {
  expect(identify(output)).toEqual({ family, version })
})

test('knows nothing by what another program prints', () => {
  expect(identify('pg_dump (PostgreSQL) 15.14')).toBeNull()
})

describe('The dump program', () => {
  /** Installs programs that print these lines, each in a folder of its own, and chooses among them. */
  async function choose(lines: string[], from: ServerDescription): Promise<string> {
    await using run = await temporaryContext()
    const folders = await Promise.all(
      lines.map(async (line, i) => {
        const folder = join(run.dir, `tools ${i}`)
        const program = join(folder, line.startsWith('mariadb-dump') ? 'mariadb-dump' : 'mysqldump')
        await mkdir(folder)
        await writeFile(program, `#!/bin/sh\necho '${line}'\n`)
        await chmod(program, 0o755)
        return folder
      }),
    )
    const { family, version } = await programFor('dump', from, {
      ...run.context,
      toolPath: folders,
      systemToolPath: [],
    })
    return `${family} ${version}`
  }

  test.each([
    ['the server’s own family', [SAYS.mysql80, SAYS.mariadb1011], server('MariaDB', '10.6.4'), 'MariaDB 10.11.19'],
    ['the server’s own family', [SAYS.mariadb1011, SAYS.mysql80], server('MySQL', '8.0.30'), 'MySQL 8.0.39'],
    [
      'the same major version before a newer one',
      [SAYS.mysql97, SAYS.mysql80],
      server('MySQL', '8.4.0'),
      'MySQL 8.0.39',
    ],
    ['a newer one before an older one', [SAYS.mysql57, SAYS.mysql97], server('MySQL', '8.0.30'), 'MySQL 9.7.4'],
    ['its family under either name', [SAYS.mariadb103], server('MariaDB', '10.3.1'), 'MariaDB 10.3.39'],
  ])('is of %s', async (_, lines, from, chosen) => {
    expect(await choose(lines, from)).toBe(chosen)
  })

  test.each([
    ['MySQL’s for a MariaDB server', [SAYS.mysql97], server('MariaDB', '10.11.2'), 'SOURCE_TOOL_MISSING'],
    [
      'MariaDB’s for a MySQL server',
      [SAYS.mariadb1011, SAYS.mariadb103],
      server('MySQL', '8.0.1'),
      'SOURCE_TOOL_MISSING',
    ],
    ['an older major version of MariaDB’s', [SAYS.mariadb1011], server('MariaDB', '11.4.2'), 'SOURCE_TOOL_TOO_OLD'],
    ['an older major version of MySQL’s', [SAYS.mysql57], server('MySQL', '8.0.1'), 'SOURCE_TOOL_TOO_OLD'],
  ])('is never %s', async (_, lines, from, code) => {
    await expect(choose(lines, from)).rejects.toMatchObject({ code })
  })
})

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withSection, writeSection } from './page.ts'

const section = (content: string, name = 'speed') => ({ name, title: 'Speed', content })

test('A section is written to its own place and everything else stays', () => {
  const page = withSection(withSection('# Page\n\nWords.\n', section('old')), section('other', 'size'))
  const after = withSection(page, section('new'))
  expect(after).toBe(page.replace('old', 'new'))
  expect(after).toMatch(
    /^# Page\n\nWords\.\n\n<!-- .* -->\n## Speed\n\nnew\n<!-- .* -->\n\n<!-- .* -->\n## Speed\n\nother\n/,
  )
})

test('A page that has lost one of a section’s comments is refused', () => {
  const page = withSection('# Page\n', section('old')).replace('<!-- end of speed -->', '')
  expect(() => withSection(page, section('new'))).toThrow('speed')
})

test('A page that is not there is made', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'page-'))
  try {
    const page = join(folder, 'page.md')
    await writeSection(page, section('first'))
    expect(await readFile(page, 'utf8')).toContain('# Benchmarks\n\n<!-- made by npm run bench: speed -->')
  } finally {
    await rm(folder, { recursive: true })
  }
})

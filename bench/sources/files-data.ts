import { randomBytes } from 'node:crypto'
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { textMaker } from './text.ts'

const IN_ONE_FOLDER = 100
/** Bytes, evenly spread on a logarithmic scale: most files are small and a few are large. */
const [SMALLEST, LARGEST] = [500, 40_000]

export interface FilesData {
  bytes(): number
  addFiles(): Promise<void>
  /** A line is added to each of the newest hundredth. */
  changeNewest(): Promise<void>
  /** The same in a hundredth that is spread over all folders. */
  changeRandom(): Promise<void>
}

/** A tree like people's uploads: folders of 100 files, every second file text, the others as good as incompressible. */
export async function makeFilesData(root: string, count: number): Promise<FilesData> {
  const text = await textMaker(11)
  const hundredth = Math.ceil(count / 100)
  let files = 0
  let bytes = 0
  const pathOf = (file: number) =>
    join(root, `${Math.floor(file / IN_ONE_FOLDER)}`, `${file}.${file % 2 ? 'jpg' : 'txt'}`)
  const add = async (more: number) => {
    for (const end = files + more; files < end; files += 1) {
      if (files % IN_ONE_FOLDER === 0) await mkdir(join(root, `${files / IN_ONE_FOLDER}`), { recursive: true })
      const size = Math.round(SMALLEST * (LARGEST / SMALLEST) ** (text.number(10_000) / 10_000))
      await writeFile(pathOf(files), files % 2 ? randomBytes(size) : text.piece(size))
      bytes += size
    }
  }
  const change = async (which: Iterable<number>) => {
    for (const file of which) await appendFile(pathOf(file), `one more line: ${text.piece(60)}\n`)
  }
  await add(count)
  return {
    bytes: () => bytes,
    addFiles: () => add(hundredth),
    changeNewest: () => change(Array.from({ length: hundredth }, (_, i) => files - 1 - i)),
    changeRandom: () => change(new Set(Array.from({ length: hundredth }, () => text.number(files)))),
  }
}

import type { Command } from 'commander'
import { type CommandDeps, type CommonFlags, sayTo } from './command.ts'
import { intoNewFile } from './new-file.ts'

interface DocumentFlags extends CommonFlags {
  out?: string
}

const restoreDocument = `query ($backupId: ID!) { restoreDocument(backupId: $backupId) { __typename
  ... on RestoreDocument { filename text } ... on Problem { code message remedy } } }`

/** `restore-document`: into a new file, or to standard output. */
export function addRestoreDocumentCommand(program: Command, deps: CommandDeps): void {
  const say = sayTo(deps)
  deps
    .command('restore-document', 'Say how all of a backup is brought back without this program, in order.', program)
    .argument('<backup>', 'its id')
    .option('--out <file>', 'a new file for it; standard output when left out')
    .action(async (backupId: string, flags: DocumentFlags) => {
      const take = () =>
        deps.open(flags as never).result<{ filename: string; text: string }>(restoreDocument, { backupId })
      if (flags.out === undefined) {
        const document = await take()
        return say(flags, [document], [document.text.trimEnd()])
      }
      await intoNewFile(flags.out, async () => (await take()).text)
      say(flags, [{ file: flags.out }], [`It is in ${flags.out}. It needs the recovery kits of the repositories.`])
    })
}

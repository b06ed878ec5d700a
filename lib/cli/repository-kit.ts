import type { Command } from 'commander'
import { type CommandDeps, type CommonFlags, sayTo } from './command.ts'
import { findRepository } from './find-repository.ts'
import { intoNewFile } from './new-file.ts'
import { kitDocument } from './repository-documents.ts'

interface KitFlags extends CommonFlags {
  out?: string
}

/** `repositories kit`: into a file that only its owner can read, or to standard output. */
export function addKitCommand(command: (name: string, description: string) => Command, deps: CommandDeps): void {
  const say = sayTo(deps)
  command('kit', 'Take the recovery kit: address, password and commands. Whoever has it can read every backup.')
    .argument('<repository>', 'its id or its name')
    .option('--out <file>', 'a new file for it, readable by its owner alone; standard output when left out')
    .action(async (idOrName: string, flags: KitFlags) => {
      const connection = deps.open(flags as never)
      const { id } = await findRepository(connection, idOrName)
      const take = () => connection.result<{ filename: string; text: string }>(kitDocument, { id })
      if (flags.out === undefined) {
        const kit = await take()
        return say(flags, [kit], [kit.text.trimEnd()])
      }
      await intoNewFile(flags.out, async () => (await take()).text)
      say(flags, [{ file: flags.out }], [`The recovery kit is in ${flags.out}. Keep it as you keep a key.`])
    })
}

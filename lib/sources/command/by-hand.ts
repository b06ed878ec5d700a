import type { ByHand } from '../driver.ts'
import { oneLine, shellWord } from '../shell-text.ts'
import type { CommandSettings } from './settings.ts'

/** Which program takes the backup back is in the worker's file of allowed commands, which is not ours to read here. */
export const byHand: ByHand<CommandSettings> = ({ command }, { folder }) => [
  `# What the command ${oneLine(command)} wrote; the program that takes it back reads it from its standard input.`,
  `find ${shellWord(folder)} -type f`,
]

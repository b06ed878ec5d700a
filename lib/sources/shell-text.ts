/** Text that a person pastes into a POSIX shell. Nothing of ours runs one. */

/** A word that the shell takes as it is, whatever is in it. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** For comments and headings: line breaks and other control characters become spaces. */
export const oneLine = (text: string): string => text.replaceAll(/\p{Cc}/gu, ' ')

/** The one file of that name below a folder, wherever it is: a command substitution that is one word. */
export const foundFile = (folder: string, name: string): string =>
  `"$(find ${shellWord(folder)} -type f -name ${shellWord(name)} | head -n 1)"`

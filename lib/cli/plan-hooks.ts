import type { Command } from 'commander'
import { CommandFailed } from './failure.ts'
import { type SettingsInput, textOf } from './settings.ts'

export interface HookFlags {
  before?: string[]
  after?: string[]
  webhookTokens?: string
}

export const withHooks = (command: Command): Command =>
  command
    .option(
      '--before <hook...>',
      'is called before a backup, in order: an address, the name of an allowed command, or a JSON object; “none” takes them away',
    )
    .option('--after <hook...>', 'is called after it, the same way')
    .option('--webhook-tokens <file>', 'JSON like [{"url": "https://…", "token": "…"}]; “-” reads standard input')

/** What the flags stand for; undefined where nothing was given. Tokens never come from the command line. Throws CommandFailed. */
export async function hooksFrom({ before, after, webhookTokens }: HookFlags, input: SettingsInput) {
  return {
    hooksBefore: hooksOf(before),
    hooksAfter: hooksOf(after),
    webhookTokens:
      webhookTokens === undefined
        ? undefined
        : parsed(await textOf(webhookTokens, input), 'The tokens are', '[{"url": "https://…", "token": "…"}]'),
  }
}

function hooksOf(words: string[] | undefined): unknown[] | undefined {
  if (words?.join() === 'none') return []
  return words?.map((word) => {
    if (/^https?:/.test(word)) return { kind: 'webhook', url: word }
    if (!word.startsWith('{')) return { kind: 'command', command: word }
    const example = '{"kind": "command", "command": "freeze", "values": [{"name": "site", "value": "shop"}]}'
    return parsed(word, 'The hook is', example)
  })
}

/** The parser's own words would quote the text, and tokens with it. */
function parsed(text: string, what: string, example: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CommandFailed(`${what} no JSON.`, `Write it like ${example}.`)
  }
}

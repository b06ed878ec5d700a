import type { AddressInfo } from 'node:net'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'

export interface MailServer {
  url: string
  received: ParsedMail[]
  /** Resolves when that many messages have come. */
  has(count: number): Promise<ParsedMail[]>
  close(): Promise<void>
}

/** A real SMTP server on loopback. `answer` may refuse a recipient with an SMTP code, for as often as it likes. */
export async function startMailServer(answer: (recipient: string) => number | null = () => null): Promise<MailServer> {
  const received: ParsedMail[] = []
  let wake = () => {}
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo({ address }, _session, callback) {
      const code = answer(address)
      callback(code === null ? null : Object.assign(new Error('refused by the test'), { responseCode: code }))
    },
    onData(stream, _session, callback) {
      simpleParser(stream).then((mail) => {
        received.push(mail)
        callback()
        wake()
      }, callback)
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as AddressInfo
  return {
    url: `smtp://127.0.0.1:${port}`,
    received,
    async has(count) {
      while (received.length < count)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      return received
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

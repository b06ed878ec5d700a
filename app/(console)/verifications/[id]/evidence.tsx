import type { VerificationDetail } from '#app/_data/verifications.ts'
import { CommandsText } from '#app/_ui/commands-text.tsx'
import { CopyText } from '#app/_ui/copy-text.tsx'
import { KeepText } from '#app/_ui/keep-text.tsx'
import { Fact, Facts, Panel } from '#app/_ui/panel.tsx'

interface Props {
  evidence: NonNullable<VerificationDetail['evidence']>
  publicKey: string
}

/** What was signed, to read, to print and to keep; with what is needed to check it without this program. */
export function Evidence({ evidence, publicKey }: Props) {
  const { sequence, document, hash, signature } = evidence
  const kept = JSON.stringify({ document, hash, signature, publicKey }, null, 2)
  return (
    <Panel
      title="Evidence"
      aside={
        <span className="flex flex-wrap gap-2 print:hidden">
          <KeepText filename={`verification-${sequence}.json`} text={`${kept}\n`} />
        </span>
      }
    >
      <p className="mb-4 text-small text-ink-soft">
        The document below is signed, and holds the hash of the one before it: none can be changed or taken out without
        a trace.
      </p>
      <Facts>
        <Fact name="Number">{sequence}</Fact>
        <Fact name="SHA-256">
          <CopyText text={hash} shown={`${hash.slice(0, 16)}…`} />
        </Fact>
        <Fact name="Ed25519 signature">
          <CopyText text={signature} shown={`${signature.slice(0, 16)}…`} />
        </Fact>
        <Fact name="Public key">
          <CopyText text={publicKey} shown="PEM" />
        </Fact>
      </Facts>
      <div className="mt-4">
        <CommandsText label="The signed document" text={document} />
      </div>
    </Panel>
  )
}

/** A text of commands line by line: what a line is too long for goes on indented, so that paper shows where each command begins. */
export function CommandsText({ label, text }: { label: string; text: string }) {
  return (
    <section aria-label={label}>
      <p className="mb-3 text-small text-ink-soft print:text-[9pt] print:text-black">
        An indented line goes on from the one above it, without a space or a break in between.
      </p>
      <pre className="kit">
        {text.split('\n').map((line, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines of one text never change places
          <span key={at}>{line}</span>
        ))}
      </pre>
    </section>
  )
}

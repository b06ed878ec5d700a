function explain(level: number): string {
  if (level <= 2) return 'Fastest, least processor time, largest snapshot. For data that is compressed already.'
  if (level <= 6) return 'A balance of time and space that suits most sources.'
  return 'Smallest snapshot, but slow and hard on the processor. For archives and narrow lines.'
}

export function CompressionField({ level, onChange }: { level: number; onChange: (level: number) => void }) {
  return (
    <div className="grid gap-1.5">
      <div className="flex items-baseline justify-between">
        <label htmlFor="compression" className="text-small font-medium">
          Compression level
        </label>
        <output htmlFor="compression" className="text-lead font-semibold">
          {level}
        </output>
      </div>
      <input
        id="compression"
        type="range"
        min={1}
        max={9}
        step={1}
        value={level}
        aria-describedby="compression-hint"
        onChange={(event) => onChange(Number(event.target.value))}
        className="h-6 w-full"
      />
      <div aria-hidden className="flex justify-between text-label text-ink-soft">
        <span>1 fastest</span>
        <span>9 smallest</span>
      </div>
      <p id="compression-hint" className="min-h-10 text-small text-ink-soft">
        {explain(level)}
      </p>
    </div>
  )
}

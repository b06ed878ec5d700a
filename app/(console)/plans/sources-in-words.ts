/** “orders, uploads and 3 more” */
export function sourcesInWords(sources: readonly { name: string }[]): string {
  const names = sources.map((source) => source.name)
  if (names.length <= 3) return names.join(', ')
  return `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`
}

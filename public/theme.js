// Sets the chosen theme before the first paint, so that the page does not flash. app/_ui/theme-toggle.tsx writes it.
try {
  const chosen = localStorage.getItem('theme')
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen
} catch {
  // Storage is blocked: the system's theme stays.
}

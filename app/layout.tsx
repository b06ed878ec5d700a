import { GeistMono } from 'geist/font/mono'
import { GeistSans } from 'geist/font/sans'
import type { Metadata, Viewport } from 'next'
import type { ReactNode } from 'react'
import { DataProvider } from '#app/_data/provider.tsx'
import './globals.css'

export const metadata: Metadata = {
  title: { default: 'System Backup Trigger', template: '%s · System Backup Trigger' },
  description: 'Back up databases, user data and file storage, watch it live, and know that it can be restored.',
  robots: { index: false, follow: false },
}

export const viewport: Viewport = { width: 'device-width', initialScale: 1, colorScheme: 'light dark' }

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en" className={`${GeistSans.variable} ${GeistMono.variable}`} suppressHydrationWarning>
      <head>
        {/* Blocking on purpose: it must run before the first paint. */}
        <script src="/theme.js" />
      </head>
      <body>
        <DataProvider>{children}</DataProvider>
      </body>
    </html>
  )
}

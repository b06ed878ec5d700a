import type { NextConfig } from 'next'
import { PHASE_DEVELOPMENT_SERVER } from 'next/constants.js'

/**
 * Next writes inline scripts and the theme is set before the first paint, so scripts and styles need 'unsafe-inline'.
 * Everything else comes from this host only. connect-src 'self' covers the WebSocket on the same host.
 */
function contentSecurityPolicy(development: boolean): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'unsafe-inline'${development ? " 'unsafe-eval'" : ''}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

export default function config(phase: string): NextConfig {
  const headers = [
    { key: 'Content-Security-Policy', value: contentSecurityPolicy(phase === PHASE_DEVELOPMENT_SERVER) },
    { key: 'X-Content-Type-Options', value: 'nosniff' },
    { key: 'X-Frame-Options', value: 'DENY' },
    { key: 'Referrer-Policy', value: 'same-origin' },
    { key: 'Permissions-Policy', value: 'camera=(), microphone=(), geolocation=()' },
  ]
  return {
    reactStrictMode: true,
    poweredByHeader: false,
    turbopack: { root: import.meta.dirname },
    // These must be one copy per process, shared with the server that starts Next.
    serverExternalPackages: [
      'prom-client',
      'twilio',
      'graphql',
      '@apollo/server',
      '@as-integrations/next',
      '@node-rs/argon2',
      'ssh2',
      '@prisma/adapter-pg',
      '@prisma/client',
      'nodemailer',
      'pg',
      'pg-boss',
      'pino',
    ],
    headers: async () => [{ source: '/:path*', headers }],
  }
}

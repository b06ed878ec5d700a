/** The ways to tell people. A new one starts here and in registry.ts. */
export const channelKinds = ['email', 'sms', 'twilio', 'webhook', 'slack', 'discord', 'teams', 'ntfy'] as const

export type ChannelKindName = (typeof channelKinds)[number]

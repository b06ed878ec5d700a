import type { Rule } from '../rule.ts'

/** What is said on the way to a repository or a source: SFTP, S3 and its like, TLS, networks. */
export const placeRules: readonly Rule[] = [
  {
    id: 'sftp-host-key',
    severity: 'ERROR',
    cause: 'The server shows another host key than the one that was pinned.',
    remedy:
      'Was it installed anew? Compare its key by another way before you accept it: it may be somebody in between.',
    codes: ['REPOSITORY_HOST_KEY_WRONG'],
    text: /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|host key .{0,60}(?:mismatch|does not match)/i,
    examples: [
      'subprocess ssh: Host key verification failed.',
      '@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @',
    ],
  },
  {
    id: 'sftp-denied',
    severity: 'ERROR',
    cause: 'The SSH server lets the account not in.',
    remedy:
      'See that the public key is in its authorized_keys, that files and folder have modes that SSH accepts, or that the password is right.',
    text: /Permission denied \((?:publickey|password|keyboard-interactive)|All configured authentication methods failed|Too many authentication failures/,
    examples: [
      'subprocess ssh: backup@nas: Permission denied (publickey,password).',
      'All configured authentication methods failed',
    ],
  },
  {
    id: 'sftp-subsystem',
    severity: 'ERROR',
    cause: 'The server offers no SFTP, or its shell prints something before it.',
    remedy: 'Enable the SFTP subsystem, and keep .bashrc and the like silent for the account.',
    text: /subsystem request failed|Received message too long|unexpected EOF.{0,40}sftp|unable to start the sftp session/,
    examples: [
      'subsystem request failed on channel 0',
      'Fatal: unable to open repository at sftp:nas:/b: unable to start the sftp session, error: EOF',
    ],
  },
  {
    id: 's3-credentials',
    severity: 'ERROR',
    cause: 'The object storage does not know the access key, or the secret key does not fit it.',
    remedy: 'Enter both anew in the settings of the repository.',
    text: /InvalidAccessKeyId|SignatureDoesNotMatch|The AWS Access Key Id you provided does not exist|The request signature we calculated does not match/,
    examples: [
      'Fatal: unable to open repository: client.BucketExists: The AWS Access Key Id you provided does not exist in our records. (InvalidAccessKeyId)',
      'The request signature we calculated does not match the signature you provided.',
    ],
  },
  {
    id: 's3-clock',
    severity: 'ERROR',
    cause: 'The clock of this machine is wrong: the object storage refuses what is signed with it.',
    remedy: 'Set the clock, and let NTP keep it.',
    text: /RequestTimeTooSkewed|The difference between the request time and the (?:current|server's) time is too large/,
    examples: ["The difference between the request time and the server's time is too large. (RequestTimeTooSkewed)"],
  },
  {
    id: 's3-bucket-missing',
    severity: 'ERROR',
    cause: 'There is no bucket of that name.',
    remedy: 'Make the bucket, or correct its name, the endpoint or the region.',
    text: /NoSuchBucket|The specified bucket does not exist/,
    examples: ['Fatal: unable to open config file: Stat: The specified bucket does not exist'],
  },
  {
    id: 's3-region',
    severity: 'ERROR',
    cause: 'The bucket lies in another region than the settings say.',
    remedy: 'Enter the region of the bucket.',
    text: /AuthorizationHeaderMalformed|the region '.{1,40}' is wrong|PermanentRedirect|must be addressed using the specified endpoint/,
    examples: [
      "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-central-1' (AuthorizationHeaderMalformed)",
    ],
  },
  {
    id: 's3-denied',
    severity: 'ERROR',
    cause: 'The key may not do that in the bucket.',
    remedy: 'Its policy needs list, get and put, and delete for locks and prune.',
    text: /\bAccessDenied\b|Access Denied\.?$|AllAccessDisabled|status code: 403/,
    examples: [
      'client.PutObject: Access Denied.',
      'Save(<lock/1a2b>) returned error, retrying after 552ms: client.PutObject: AccessDenied: status code: 403',
    ],
  },
  {
    id: 's3-slow-down',
    severity: 'WARNING',
    cause: 'The object storage limits the rate of requests.',
    remedy: 'Fewer backups into it at once, a bandwidth limit, or larger packs.',
    text: /\bSlowDown\b|Please reduce your request rate|TooManyRequests|429 Too Many Requests/,
    examples: [
      'client.PutObject: Please reduce your request rate. (SlowDown)',
      'unexpected HTTP response (429): 429 Too Many Requests',
    ],
  },
  {
    id: 's3-quota',
    severity: 'ERROR',
    cause: 'The account or bucket has reached its quota.',
    remedy: 'Raise the quota, or keep fewer snapshots and prune.',
    text: /QuotaExceeded|storage (?:cap|quota) (?:exceeded|reached)|insufficient storage|507 Insufficient Storage|Storage backend has reached its minimum free/i,
    examples: [
      'XMinioStorageFull: Storage backend has reached its minimum free drive threshold.',
      'Cannot upload files, storage cap exceeded.',
    ],
  },
  {
    id: 'tls-unknown-authority',
    severity: 'ERROR',
    cause: 'The certificate of the server is signed by nobody that this machine trusts.',
    remedy: 'Give the certificate of its authority in the settings, or use one of a public authority.',
    text: /certificate signed by unknown authority|self[- ]signed certificate|unable to get local issuer certificate|certificate verify failed/i,
    examples: [
      'tls: failed to verify certificate: x509: certificate signed by unknown authority',
      'SSL error: certificate verify failed',
      'self-signed certificate in certificate chain',
    ],
  },
  {
    id: 'tls-expired',
    severity: 'ERROR',
    cause: 'The certificate of the server has expired, or is not valid yet.',
    remedy: 'Renew it. If it is new, see that the clock of this machine is right.',
    text: /certificate has expired|CERT_HAS_EXPIRED|certificate is not (?:yet )?valid/,
    examples: [
      'x509: certificate has expired or is not yet valid: current time 2026-03-01T00:00:00Z is after 2026-02-28T23:59:59Z',
    ],
  },
  {
    id: 'tls-wrong-name',
    severity: 'ERROR',
    cause: 'The certificate is for another name than the one that was asked for.',
    remedy: 'Use a name that is in the certificate, or a certificate with that name.',
    text: /certificate is valid for .{1,200}, not |server certificate for ".{1,200}" does not match host name|ERR_TLS_CERT_ALTNAME_INVALID|doesn't contain any IP SANs/,
    examples: [
      'x509: certificate is valid for backup.example.org, not 10.0.0.5',
      'server certificate for "db.internal" does not match host name "db"',
    ],
  },
  {
    id: 'tls-not-spoken',
    severity: 'ERROR',
    cause: 'One side speaks TLS and the other does not.',
    remedy: 'Set TLS in the settings as the server has it: https or http, sslmode, rediss.',
    text: /server gave HTTP response to HTTPS client|server does not support SSL|wrong version number|first record does not look like a TLS handshake/,
    examples: ['http: server gave HTTP response to HTTPS client', 'server does not support SSL, but SSL was required'],
  },
  {
    id: 'network-name',
    severity: 'ERROR',
    cause: 'The name of the server cannot be resolved.',
    remedy: 'See that the name is right and that this machine’s DNS works.',
    text: /the host name (?:is unknown|cannot be looked up)|no such host|could not translate host name|ENOTFOUND|EAI_AGAIN|Temporary failure in name resolution|Name or service not known|Unknown (?:MySQL )?server host/,
    examples: [
      'PostgreSQL at nowhere.invalid:5432 cannot be reached: the host name is unknown.',
      'dial tcp: lookup backup.internal on 127.0.0.53:53: no such host',
      'could not translate host name "db" to address: Name or service not known',
    ],
  },
  {
    id: 'network-refused',
    severity: 'ERROR',
    cause: 'Nothing listens at that address and port.',
    remedy: 'Does the server run, on that port, and for this machine’s network (listen_addresses, bind-address)?',
    text: /nothing listens there|connection refused|ECONNREFUSED|Can't connect to .{0,40}server on/i,
    examples: [
      'PostgreSQL at 127.0.0.1:1 cannot be reached: nothing listens there.',
      'connection to server at "db" (10.0.0.5), port 5432 failed: Connection refused',
      "ERROR 2002 (HY000): Can't connect to MySQL server on 'db' (115)",
    ],
  },
  {
    id: 'network-unreachable',
    severity: 'ERROR',
    cause: 'No way leads from this machine to the server.',
    remedy: 'See routes, VPN and firewall.',
    text: /there is no way to the (?:host|network)|no route to host|network is unreachable|EHOSTUNREACH|ENETUNREACH/i,
    examples: [
      'Redis at cache:6379 cannot be reached: there is no way to the host.',
      'dial tcp 10.0.0.5:443: connect: no route to host',
      'connect: network is unreachable',
    ],
  },
  {
    id: 'network-timeout',
    severity: 'ERROR',
    cause: 'The other side did not answer in time.',
    remedy: 'A firewall that drops, a slow or dead server? Try to reach it from the worker’s machine.',
    codes: ['SOURCE_STALLED', 'RESTIC_TIMEOUT'],
    text: /cannot be reached: it does not answer|i\/o timeout|connection timed out|ETIMEDOUT|TLS handshake timeout|context deadline exceeded|Operation timed out/i,
    examples: [
      'MariaDB at db:3306 cannot be reached: it does not answer.',
      'dial tcp 10.0.0.5:443: i/o timeout',
      'connection to server at "db" (10.0.0.5), port 5432 failed: Connection timed out',
    ],
  },
  {
    id: 'network-broken',
    severity: 'WARNING',
    cause: 'The connection broke in the middle.',
    remedy: 'If it happens again, look at the network between both and at proxies that end long connections.',
    text: /the connection was cut|connection reset by peer|ECONNRESET|broken pipe|EPIPE|use of closed network connection/i,
    examples: [
      'Redis at cache:6379 cannot be reached: the connection was cut.',
      'write tcp 10.0.0.9:41212->10.0.0.5:443: write: connection reset by peer',
      'write |1: broken pipe',
    ],
  },
  {
    id: 'http-server-error',
    severity: 'WARNING',
    cause: 'The server of the repository has a problem of its own.',
    remedy: 'See its log. The run is tried again where its plan says so.',
    text: /unexpected HTTP response \(5\d\d\)|50[0234] (?:Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time-?out)|InternalError: We encountered an internal error/,
    examples: [
      'unexpected HTTP response (502): 502 Bad Gateway',
      'server response unexpected: 503 Service Unavailable',
    ],
  },
  {
    id: 'http-unauthorised',
    severity: 'ERROR',
    cause: 'The server of the repository refused user or password.',
    remedy: 'Enter both anew in the settings of the repository.',
    text: /unexpected HTTP response \(401\)|401 Unauthorized/,
    examples: [
      'Fatal: unable to open repository at rest:https://***@backup.example.org/: unexpected HTTP response (401): 401 Unauthorized',
    ],
  },
]

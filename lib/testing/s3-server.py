"""
OpenStack Swift with its S3 interface, all in one process on 127.0.0.1, for tests.

  /usr/bin/python3 s3-server.py FOLDER PORT ACCESS_KEY SECRET [ACCESS_KEY SECRET]

The first key is the administrator's and owns what it makes; further ones may do what the access control lists of buckets
and objects let them. FOLDER holds all data and must be on a file system with extended attributes. With FOLDER/tls.pem (key
and certificate) it speaks https. PORT 0 takes a free one. Prints its address on a line of its own when it is ready.
"""
import eventlet

eventlet.monkey_patch()

import os
import sys

from eventlet import listen, wrap_ssl, wsgi

folder, port, accounts = os.path.abspath(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
os.makedirs(folder + '/devices/sda', exist_ok=True)
os.environ['TZ'] = 'UTC+0'


def write(name, text):
    with open(os.path.join(folder, name), 'w') as file:
        file.write(text)


write('swift.conf', '[swift-hash]\nswift_hash_path_suffix = test\nswift_hash_path_prefix = test\n')

from swift.common import utils

utils.set_swift_dir(folder)
from swift.common.http_protocol import SwiftHttpProtocol
from swift.common.ring import RingBuilder
from swift.common.wsgi import loadapp

MIDDLEWARE = ['catch_errors', 'gatekeeper', 'healthcheck', 'listing_formats', 'bulk', 's3api', 'tempauth', 'copy', 'slo',
              'dlo', 'versioned_writes', 'symlink']
OPTIONS = {
    's3api': 's3_acl = true\ncheck_bucket_owner = false\n',
    'versioned_writes': 'allow_versioned_writes = true\nallow_object_versioning = true\n',
    'tempauth': ''.join(
        'user_%s = %s%s\n' % (key.replace(':', '_', 1), secret, ' .admin' if number == 0 else '')
        for number, (key, secret) in enumerate(zip(accounts[::2], accounts[1::2]))
    ),
}


def configure(name, text):
    write(name + '.conf', '[DEFAULT]\nswift_dir = %s\ndevices = %s/devices\nmount_check = false\n'
          'disable_fallocate = true\nfallocate_reserve = 0\nlog_level = WARNING\n%s' % (folder, folder, text))


def the_ring_of(name, port):
    builder = RingBuilder(4, 1, 1)
    builder.add_dev({'id': 0, 'region': 1, 'zone': 1, 'weight': 1, 'ip': '127.0.0.1', 'port': port, 'device': 'sda',
                     'meta': ''})
    builder.rebalance()
    builder.get_ring().save('%s/%s.ring.gz' % (folder, name))


class ForgetfulCache:
    """tempauth insists on a memcache client; this one remembers nothing."""

    def __getattr__(self, _):
        return lambda *args, **kwargs: None


def with_cache(app):
    def call(env, start_response):
        env['swift.cache'] = ForgetfulCache()
        return app(env, start_response)
    return call


sockets = {}
for name in ('account', 'container', 'object'):
    sockets[name] = listen(('127.0.0.1', 0))
    configure(name, '[pipeline:main]\npipeline = app\n[app:app]\nuse = egg:swift#%s\n' % name)
    the_ring_of(name, sockets[name].getsockname()[1])

certificate = folder + '/tls.pem'
secure = os.path.exists(certificate)
plain = listen(('127.0.0.1', port))
address = '%s://127.0.0.1:%d' % ('https' if secure else 'http', plain.getsockname()[1])
sockets['proxy'] = wrap_ssl(plain, certfile=certificate, keyfile=certificate, server_side=True) if secure else plain
configure('proxy', '[pipeline:main]\npipeline = %s proxy-server\n[app:proxy-server]\nuse = egg:swift#proxy\n'
          'account_autocreate = true\nallow_account_management = true\n'
          # Where the only disk is full, it is left alone for a minute otherwise.
          'error_suppression_interval = 0\n%s' % (
              ' '.join(MIDDLEWARE),
              ''.join('[filter:%s]\nuse = egg:swift#%s\n%s' % (m, m, OPTIONS.get(m, '')) for m in MIDDLEWARE)))

for name, socket in sockets.items():
    app = loadapp('%s/%s.conf' % (folder, name), global_conf={'log_name': name})
    eventlet.spawn(wsgi.server, socket, with_cache(app) if name == 'proxy' else app, utils.NullLogger(),
                   protocol=SwiftHttpProtocol, capitalize_response_headers=False, socket_timeout=60)
print(address, flush=True)
while True:
    eventlet.sleep(3600)

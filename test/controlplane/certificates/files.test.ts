import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../../../src/contracts/log.ts';
import { parseCertificatesFile } from '../../../src/controlplane/certificates/certificates-file.ts';
import { isMissing, type CertificateSource } from '../../../src/controlplane/certificates/port.ts';
import { createAuthority, hasOpenssl, read, type Authority } from '../../support/certificates.ts';
import { arnOf, authorityArnOf, createCertificateFolder, type CertificateFolder } from '../../support/certificate-files.ts';
import { describeWith } from '../../support/components.ts';
import { eventually } from '../../support/eventually.ts';

const GW = arnOf('gw');

describe('the mapping', () => {
  test.each([
    ['no list', '{}', 'certificates: missing: must be a list of { arn, certificateChain, privateKey }'],
    ['no ARN', 'certificates: [{ arn: gw, certificateChain: a.pem }]', 'certificates[0].arn: "gw": must be an ARN'],
    ['no chain', `certificates: [{ arn: '${GW}' }]`, 'certificates[0].certificateChain: missing: must be the path of a PEM file'],
    ['an unknown field', `certificates: [{ arn: '${GW}', certificateChain: a.pem, key: a.key }]`, 'certificates[0].key: "a.key": is not a field here'],
    ['an ARN twice', `certificates: [{ arn: '${GW}', certificateChain: a.pem }, { arn: '${GW}', certificateChain: b.pem }]`, 'certificates[1].arn: '],
    ['no YAML', 'certificates: [', 'certificates.yaml:1: '],
  ])('with %s is refused', (_title, text, message) => {
    expect(() => parseCertificatesFile(text, 'certificates.yaml')).toThrow(message);
  });

  test('has paths that are relative to it', () => {
    expect(parseCertificatesFile(`certificates: [{ arn: '${GW}', certificateChain: tls/a.pem, privateKey: /etc/a.key }]`, '/srv/mesh/certificates.yaml')).toEqual([
      { arn: GW, certificateChain: '/srv/mesh/tls/a.pem', privateKey: '/etc/a.key' },
    ]);
  });
});

describeWith('openssl', hasOpenssl, 'certificates from files', () => {
  let authority: Authority;
  let folder: CertificateFolder;
  let logged: Readonly<Record<string, unknown>>[];
  let opened: Awaited<ReturnType<CertificateFolder['open']>>;
  let changes: string[][];
  const log: Log = (level, message, fields) => void logged.push({ level, message, ...fields });

  beforeAll(() => {
    authority = createAuthority();
  });
  afterAll(() => authority.dispose());
  beforeEach(() => {
    folder = createCertificateFolder();
    logged = [];
    changes = [];
  });
  afterEach(() => {
    opened.source.close();
    folder.dispose();
  });

  const open = async (clock?: () => number): Promise<CertificateSource> => {
    opened = await folder.open(log, clock);
    opened.source.onChange((arns) => void changes.push([...arns].sort()));
    return opened.source;
  };
  const at = (name: string): string => join(folder.folder, name);
  const found = (arn = GW) => {
    const one = opened.source.of(arn);
    return isMissing(one) ? one.missing : one;
  };
  const replace = (file: string, name: string): void => {
    copyFileSync(file, at(`${name}.new`));
    chmodSync(at(`${name}.new`), 0o600);
    renameSync(at(`${name}.new`), at(name));
  };
  /** Lets the files be looked at until something is as wanted. */
  const lookUntil = (isWanted: () => boolean): Promise<unknown> =>
    eventually(() => {
      opened.look();
      return isWanted() || undefined;
    }, 'seen');
  const put = (): { chain: string; privateKey: string } => {
    const certificate = authority.issue('gw.internal');
    folder.put('gw', certificate);
    return { chain: read(certificate.certificateChain), privateKey: read(certificate.privateKey) };
  };

  test('are found by their ARN, authorities without a key; what is not mapped is told with the remedy', async () => {
    const pair = put();
    folder.putAuthority('ca', authority.file);
    await open();
    expect(found()).toEqual(pair);
    expect(found(authorityArnOf('ca'))).toEqual({ chain: read(authority.file) });
    expect(found(arnOf('other'))).toBe(`the mapping ${folder.file} does not name it: add { arn, certificateChain, privateKey } with the PEM files`);
    expect(logged).toEqual([]);
  });

  test('are read again when they change, and when the mapping does; the change is told, once', async () => {
    put();
    await open();
    const next = put();
    await lookUntil(() => changes.length > 0);
    expect([found(), changes]).toEqual([next, [[GW]]]);
    folder.putAuthority('ca', authority.file);
    await lookUntil(() => changes.length > 1);
    expect([found(authorityArnOf('ca')), changes.at(-1)]).toEqual([{ chain: read(authority.file) }, [authorityArnOf('ca')]]);
    writeFileSync(folder.file, 'certificates: []');
    await lookUntil(() => changes.length > 2);
    expect([found(), changes.at(-1)]).toEqual([expect.stringContaining('does not name it'), [authorityArnOf('ca'), GW].sort()]);
  });

  test('of a link that comes to lead elsewhere are read again, as secrets are mounted', async () => {
    const certificates = ['one', 'two'].map((name) => {
      mkdirSync(at(name));
      const { certificateChain, privateKey } = authority.issue('gw.internal');
      copyFileSync(certificateChain, at(`${name}/tls.crt`));
      copyFileSync(privateKey, at(`${name}/tls.key`));
      chmodSync(at(`${name}/tls.key`), 0o600);
      return { chain: read(certificateChain), privateKey: read(privateKey) };
    });
    const lead = (name: string): void => {
      symlinkSync(at(name), at('..data.new'));
      renameSync(at('..data.new'), at('..data'));
    };
    lead('one');
    writeFileSync(folder.file, JSON.stringify({ certificates: [{ arn: GW, certificateChain: '..data/tls.crt', privateKey: '..data/tls.key' }] }));
    await open();
    expect(found()).toEqual(certificates[0]);
    lead('two');
    await lookUntil(() => changes.length > 0);
    expect(found()).toEqual(certificates[1]);
  });

  test('half a pair leaves the former one in place, and says so, until the other half is there', async () => {
    const former = put();
    await open();
    const { certificateChain, privateKey } = authority.issue('gw.internal');
    replace(certificateChain, 'gw.pem');
    await lookUntil(() => changes.length > 0);
    const reason = `${at('gw.pem')}, ${at('gw.key')}: the private key is not that of the first certificate of the chain`;
    expect(found()).toEqual({ ...former, problem: reason });
    expect(logged).toEqual([{ level: 'error', message: 'a certificate cannot be used', arn: GW, reason, consequence: 'the former one stays' }]);
    replace(privateKey, 'gw.key');
    await lookUntil(() => changes.length > 1);
    expect(found()).toEqual({ chain: read(certificateChain), privateKey: read(privateKey) });
  });

  test('a mapping that breaks leaves the former one in place, and says so', async () => {
    const pair = put();
    await open();
    writeFileSync(at('broken.yaml'), 'certificates: 7');
    renameSync(at('broken.yaml'), folder.file);
    await lookUntil(() => logged.length > 0);
    expect(logged).toMatchObject([{ level: 'error', message: 'the mapping of certificates cannot be used; the former one holds' }]);
    expect([found(), changes]).toEqual([pair, []]);
  });

  const key = (...args: string[]): string => execFileSync('openssl', args, { stdio: 'pipe' }).toString();
  const selfSigned = (...newKey: string[]) => (): void =>
    void execFileSync('openssl', ['req', '-x509', '-nodes', '-days', '2', '-subj', '/CN=x', '-keyout', at('gw.key'), '-out', at('gw.pem'), '-newkey', ...newKey], { stdio: 'pipe' });

  test.each<[string, () => void, string]>([
    ['is not there', () => rmSync(at('gw.key')), 'gw.key: ENOENT'],
    ['holds no certificate', () => writeFileSync(at('gw.pem'), read(at('gw.key'))), 'holds no PEM certificate'],
    ['holds a broken certificate', () => writeFileSync(at('gw.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'), 'certificate 1 of 1 cannot be parsed'],
    ['holds no key', () => writeFileSync(at('gw.key'), read(at('gw.pem'))), 'holds no PEM private key'],
    ['holds a broken key', () => writeFileSync(at('gw.key'), '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n'), 'the private key cannot be parsed'],
    ['holds an encrypted key', () => writeFileSync(at('gw.key'), key('pkcs8', '-topk8', '-in', at('gw.key'), '-passout', 'pass:hush')), 'must not be encrypted'],
    ['holds another key', () => writeFileSync(at('gw.key'), read(authority.issue('x').privateKey)), 'is not that of the first certificate'],
    ['holds a short RSA key', selfSigned('rsa:1024'), 'must be RSA of at least 2048 bits'],
    ['holds a key by a curve that Envoy has not', selfSigned('ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1'), 'must be RSA of at least 2048 bits'],
  ])('a file that %s makes the certificate missing, quoting nothing of it', async (_title, spoil, reason) => {
    put();
    const secret = read(at('gw.key')).split('\n')[1] ?? '';
    spoil();
    const now = [secret, 'c2VjcmV0'];
    await open();
    expect(found()).toContain(reason);
    expect(logged).toMatchObject([{ level: 'error', arn: GW, reason: expect.stringContaining(reason) as string, consequence: 'TLS that needs it fails' }]);
    for (const part of now) expect(JSON.stringify([found(), logged])).not.toContain(part);
  });

  test('RSA is taken, and nothing but certificates of the chain’s file', async () => {
    put();
    selfSigned('rsa:2048')();
    const [chain, privateKey] = [read(at('gw.pem')), read(at('gw.key'))];
    chmodSync(at('gw.key'), 0o600);
    writeFileSync(at('gw.pem'), `notes\n${privateKey}${chain}`);
    await open();
    expect(found()).toEqual({ chain, privateKey });
  });

  test.each([
    [0o600, undefined],
    [0o640, undefined],
    [0o644, '644'],
    [0o660, '660'],
  ])('of a key with rights %o: warned %s', async (mode, warned) => {
    put();
    chmodSync(at('gw.key'), mode);
    await open();
    expect(logged.map(({ level, mode: shown, remedy }) => [level, shown, remedy])).toEqual(warned === undefined ? [] : [['warn', warned, `chmod 600 ${at('gw.key')}`]]);
  });

  test('an expired certificate is told', async () => {
    put();
    await open(() => Date.now() + 30 * 24 * 3_600_000);
    expect(logged).toMatchObject([{ level: 'warn', message: 'a certificate has expired', arn: GW }]);
  });
});

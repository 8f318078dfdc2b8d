import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { describeWith } from '../support/components.ts';
import { hasMoto, startMoto, type Moto } from '../support/moto.ts';
import { packageStack, serverless, type PackagedStack } from './support/package-stack.ts';

/** Types that moto does not make; the template has them all the same, and cfn-lint reads them. */
const NOT_IN_MOTO = [
  'AWS::ApiGatewayV2::Api',
  'AWS::ApiGatewayV2::Integration',
  'AWS::ApiGatewayV2::Route',
  'AWS::ApiGatewayV2::Stage',
  'AWS::CloudFormation::CustomResource',
  'AWS::CloudWatch::Alarm',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Logs::MetricFilter',
  'AWS::S3::BucketPolicy',
  'AWS::SQS::QueuePolicy',
  'AWS::Scheduler::ScheduleGroup',
  'AWS::SecretsManager::Secret',
];

const countBy = (names: readonly string[]): Record<string, number> => Object.fromEntries([...new Set(names)].sort().map((name) => [name, names.filter((each) => each === name).length]));

describeWith('moto', hasMoto, 'serverless deploy', () => {
  let moto: Moto;
  let stack: PackagedStack;
  beforeAll(async () => {
    [moto, stack] = await Promise.all([startMoto(), packageStack()]);
  }, 120_000);
  afterAll(async () => {
    await moto.stop();
    stack.remove();
  });

  /** Asks CloudFormation by its query protocol. */
  const ask = async (action: string, fields: Record<string, string>): Promise<string> => {
    const authorization = 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/cloudformation/aws4_request, SignedHeaders=host, Signature=0';
    const response = await fetch(moto.url, { method: 'POST', headers: { authorization }, body: new URLSearchParams({ Action: action, Version: '2010-05-15', ...fields }) });
    return response.text();
  };
  const typesIn = (xml: string): string[] => [...xml.matchAll(/<ResourceType>([^<]+)<\/ResourceType>/g)].map(([, type = '']) => type);

  test('makes every resource of the template, in an account with nothing prepared', async () => {
    await serverless(['deploy'], moto.env);
    expect(await ask('DescribeStacks', { StackName: 'meshshift-dev' })).toContain('<StackStatus>UPDATE_COMPLETE</StackStatus>');
    const wanted = Object.values(stack.template.Resources).map(({ Type }) => Type);
    const made = typesIn(await ask('ListStackResources', { StackName: 'meshshift-dev' }));
    expect(countBy(made)).toEqual(countBy(wanted.filter((type) => !NOT_IN_MOTO.includes(type))));
    expect(made.length).toBeGreaterThan(80);
    expect(NOT_IN_MOTO.filter((type) => !wanted.includes(type))).toEqual([]);
  }, 120_000);

  test('removes it, and leaves the table with its data', async () => {
    await serverless(['remove'], moto.env);
    expect(await ask('DescribeStacks', { StackName: 'meshshift-dev' })).toContain('does not exist');
    const { TableNames } = await new DynamoDBClient({ endpoint: moto.url, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }).send(new ListTablesCommand({}));
    expect(TableNames).toEqual(['meshshift-dev']);
  }, 120_000);
});

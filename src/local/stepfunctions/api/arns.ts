import { AwsError } from '../../server/aws-json.ts';

/** What an ARN must look like, by the resource it names. */
const PATTERNS = {
  stateMachine: /^arn:aws:states:[a-z0-9-]+:\d{12}:stateMachine:[^:]{1,80}$/,
  execution: /^arn:aws:states:[a-z0-9-]+:\d{12}:execution:[^:]{1,80}:[^:]{1,80}$/,
};

/** @throws AwsError InvalidArn for what is none of that kind. */
export function checkArn(kind: keyof typeof PATTERNS, value: string): string {
  if (!PATTERNS[kind].test(value)) throw new AwsError('InvalidArn', `Invalid Arn: 'Resource type not valid in this context: ${value}'`);
  return value;
}

// eslint-disable-next-line no-control-regex -- the rule itself names control characters
const FORBIDDEN_IN_NAMES = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]/u;

/** @throws AwsError InvalidName: 1 to 80 characters without white space, brackets, wildcards and other special ones. */
export function checkName(name: string): string {
  if (FORBIDDEN_IN_NAMES.test(name)) throw new AwsError('InvalidName', `Invalid Name: '${name}'`);
  return name;
}

export interface Place {
  readonly region: string;
  readonly accountId: string;
}

export const stateMachineArn = ({ region, accountId }: Place, name: string): string => `arn:aws:states:${region}:${accountId}:stateMachine:${name}`;
/** The ARN of an execution of a state machine. */
export const executionArn = (machineArn: string, name: string): string => `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;

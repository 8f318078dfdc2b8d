import { randomUUID } from 'node:crypto';
import { parseJson, type Json } from '../../json.ts';
import { AwsError } from '../../server/aws-json.ts';
import { operation, seconds, type Operation } from './operation.ts';
import type { Engine } from '../engine.ts';
import { withoutData } from '../interpreter/history.ts';
import type { ExecutionRow } from '../store.ts';
import { checkArn, checkName, executionArn } from './arns.ts';
import { nextToken, pageSizeOf, positionOf } from './paging.ts';
import { shapes } from './shapes.ts';
import { findMachine } from './state-machines.ts';

/** @throws AwsError ExecutionDoesNotExist. */
function findExecution({ store }: Engine, arn: string): ExecutionRow {
  const row = store.executionByArn(checkArn('execution', arn));
  if (row === undefined) throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
  return row;
}

const sameInput = (text: string, input: Json): boolean => JSON.stringify(parseJson(text)) === JSON.stringify(input);

function alreadyThere(row: ExecutionRow, input: Json): ExecutionRow {
  if (row.status === 'RUNNING' && sameInput(row.input, input)) return row;
  throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${row.arn}'`);
}

/**
 * Starts an execution. The same name with the same input while it runs answers the running one.
 * @throws AwsError as StartExecution documents.
 */
export async function startExecution(engine: Engine, request: { readonly stateMachineArn: string; readonly name?: string | undefined; readonly input?: string | undefined }): Promise<ExecutionRow> {
  const machine = findMachine(engine, request.stateMachineArn);
  const input = parseJson(request.input ?? '{}');
  if (input === undefined) throw new AwsError('InvalidExecutionInput', "Invalid State Machine Execution Input: 'the input is no JSON'");
  const name = checkName(request.name ?? randomUUID());
  const arn = executionArn(machine.arn, name);
  const existing = engine.store.executionByArn(arn);
  if (existing !== undefined) return alreadyThere(existing, input);
  const { definition, roleArn } = machine;
  try {
    await engine.start({ arn, machineArn: machine.arn, name, input, definition, roleArn });
  } catch (error) {
    // Two requests with one name at once: the second finds the first.
    const other = engine.store.executionByArn(arn);
    if (other === undefined) throw error;
    return alreadyThere(other, input);
  }
  return findExecution(engine, arn);
}

const INCLUDED = { included: true };

/** DescribeExecution's answer. */
export const describeExecution = (row: ExecutionRow): Record<string, unknown> => ({
  executionArn: row.arn,
  stateMachineArn: row.machineArn,
  name: row.name,
  status: row.status,
  startDate: seconds(row.startedAt),
  ...(row.stoppedAt === null ? {} : { stopDate: seconds(row.stoppedAt) }),
  input: row.input,
  inputDetails: INCLUDED,
  ...(row.output === null ? {} : { output: row.output, outputDetails: INCLUDED }),
  ...(row.error === null ? {} : { error: row.error }),
  ...(row.cause === null ? {} : { cause: row.cause }),
  redriveCount: 0,
  redriveStatus: 'NOT_REDRIVABLE',
});

interface ListInput {
  readonly stateMachineArn?: string | undefined;
  readonly statusFilter?: string | undefined;
  readonly mapRunArn?: string | undefined;
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

function list(engine: Engine, input: ListInput): Record<string, unknown> {
  if (input.stateMachineArn === undefined || input.mapRunArn !== undefined) throw new AwsError('ValidationException', 'A stateMachineArn must be given: there are no map runs here');
  const { arn } = findMachine(engine, input.stateMachineArn);
  const question = `ListExecutions ${arn} ${input.statusFilter ?? ''}`;
  const offset = positionOf(question, input.nextToken, 0);
  const limit = pageSizeOf(input.maxResults);
  const rows = engine.store.executions(arn, input.statusFilter ?? null, { limit: limit + 1, offset });
  const executions = rows.slice(0, limit).map((row) => ({
    executionArn: row.arn,
    stateMachineArn: row.machineArn,
    name: row.name,
    status: row.status,
    startDate: seconds(row.startedAt),
    ...(row.stoppedAt === null ? {} : { stopDate: seconds(row.stoppedAt) }),
    redriveCount: 0,
  }));
  return { executions, ...(rows.length > limit ? { nextToken: nextToken(question, offset + limit) } : {}) };
}

interface HistoryInput {
  readonly executionArn: string;
  readonly reverseOrder?: boolean | undefined;
  readonly includeExecutionData?: boolean | undefined;
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

function history(engine: Engine, input: HistoryInput): Record<string, unknown> {
  const { id, arn } = findExecution(engine, input.executionArn);
  const reverse = input.reverseOrder ?? false;
  const question = `GetExecutionHistory ${arn} ${reverse}`;
  const from = positionOf(question, input.nextToken, reverse ? Number.MAX_SAFE_INTEGER : 0);
  const limit = pageSizeOf(input.maxResults);
  const found = engine.store.history(id, from, limit + 1, reverse);
  const page = found.slice(0, limit);
  const events = page.map((event) => (input.includeExecutionData === false ? withoutData(event) : event)).map((event) => ({ ...event, timestamp: seconds(event.timestamp) }));
  const last = page.at(-1);
  return { events, ...(found.length > limit && last !== undefined ? { nextToken: nextToken(question, last.id) } : {}) };
}

async function stop(engine: Engine, input: { executionArn: string; error?: string | undefined; cause?: string | undefined }): Promise<Record<string, unknown>> {
  const { id } = findExecution(engine, input.executionArn);
  await engine.signal(id, { kind: 'stop', error: input.error, cause: input.cause });
  const { stoppedAt } = findExecution(engine, input.executionArn);
  return { stopDate: seconds(stoppedAt ?? engine.options.timers.now()) };
}

function definitionOf(engine: Engine, arn: string): Record<string, unknown> {
  const row = findExecution(engine, arn);
  const machine = engine.store.machine(row.machineArn);
  return {
    stateMachineArn: row.machineArn,
    name: row.machineArn.split(':').at(-1),
    definition: engine.store.definition(row.definition),
    roleArn: row.roleArn,
    updateDate: seconds(machine?.updatedAt ?? row.startedAt),
    ...machine?.settings,
  };
}

/** The operations on executions. */
export const executionOperations = (engine: Engine): Readonly<Record<string, Operation>> => ({
  StartExecution: operation(shapes.StartExecution, async (input) => {
    const { arn, startedAt } = await startExecution(engine, input);
    return { executionArn: arn, startDate: seconds(startedAt) };
  }),
  DescribeExecution: operation(shapes.execution, (input) => describeExecution(findExecution(engine, input.executionArn))),
  ListExecutions: operation(shapes.ListExecutions, (input) => list(engine, input)),
  StopExecution: operation(shapes.StopExecution, (input) => stop(engine, input)),
  GetExecutionHistory: operation(shapes.GetExecutionHistory, (input) => history(engine, input)),
  DescribeStateMachineForExecution: operation(shapes.execution, (input) => definitionOf(engine, input.executionArn)),
});

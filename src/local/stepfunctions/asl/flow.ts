import type { Machine, State } from './types.ts';
import type { Report } from './report.ts';

/** The states a state may lead to, each with the field that says so. */
function targetsOf(state: State): [field: string, name: string][] {
  const targets: [string, string][] = [];
  if (state.Next !== undefined) targets.push(['Next', state.Next]);
  if (state.Type === 'Choice') {
    state.Choices.forEach(({ Next }, index) => targets.push([`Choices[${index}]/Next`, Next]));
    if (state.Default !== undefined) targets.push(['Default', state.Default]);
  }
  if ('Catch' in state) state.Catch.forEach(({ Next }, index) => targets.push([`Catch[${index}]/Next`, Next]));
  return targets;
}

const ENDS_ITSELF = new Set<State['Type']>(['Succeed', 'Fail', 'Choice']);

function checkExit(state: State, at: string, report: Report): void {
  const exits = [state.Next, state.End].filter((exit) => exit !== undefined).length;
  if (!ENDS_ITSELF.has(state.Type) && exits !== 1) report('SCHEMA_VALIDATION_FAILED', at, "A state needs exactly one of the fields 'Next' and 'End'");
  if (state.Type === 'Wait' && (state.Seconds === undefined) === (state.Timestamp === undefined)) {
    report('SCHEMA_VALIDATION_FAILED', at, "A Wait state needs exactly one of the fields 'Seconds' and 'Timestamp'");
  }
  if (state.Type === 'Task' && typeof state.HeartbeatSeconds === 'number' && typeof state.TimeoutSeconds === 'number' && state.HeartbeatSeconds >= state.TimeoutSeconds) {
    report('SCHEMA_VALIDATION_FAILED', `${at}/HeartbeatSeconds`, "'HeartbeatSeconds' must be less than 'TimeoutSeconds'");
  }
}

function reachable({ StartAt, States }: Machine): Set<string> {
  const seen = new Set<string>();
  const open = [StartAt];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const state = States[name];
    if (state === undefined || seen.has(name)) continue;
    seen.add(name);
    open.push(...targetsOf(state).map(([, target]) => target));
  }
  return seen;
}

/** Variables a machine's own states assign. */
const assigned = ({ States }: Machine): string[] =>
  Object.values(States).flatMap((state) => [
    ...Object.keys(state.Assign ?? {}),
    ...('Catch' in state ? state.Catch.flatMap(({ Assign }) => Object.keys(Assign ?? {})) : []),
    ...(state.Type === 'Choice' ? state.Choices.flatMap(({ Assign }) => Object.keys(Assign ?? {})) : []),
  ]);

const innerOf = (state: State, at: string): [Machine, string][] =>
  state.Type === 'Parallel'
    ? state.Branches.map((branch, index) => [branch, `${at}/Branches[${index}]`])
    : state.Type === 'Map'
      ? [[state.ItemProcessor, `${at}/ItemProcessor`]]
      : [];

/** Checks that every target exists, every state is reachable, an end can be reached, and inner variables do not hide outer ones. */
export function checkFlow(machine: Machine, at: string, report: Report, outer: ReadonlySet<string> = new Set()): void {
  const { StartAt, States } = machine;
  if (States[StartAt] === undefined) report('MISSING_TRANSITION_TARGET', `${at}/StartAt`, `Missing 'Next' target: ${StartAt}`);
  const own = assigned(machine);
  for (const name of own.filter((each) => outer.has(each))) report('SCHEMA_VALIDATION_FAILED', at, `The variable '${name}' is assigned in a scope around this one already`);
  const scope = new Set([...outer, ...own]);
  const seen = reachable(machine);
  for (const [name, state] of Object.entries(States)) {
    const here = `${at}/States/${name}`;
    if (name.length > 80) report('SCHEMA_VALIDATION_FAILED', here, 'A state name has at most 80 characters');
    checkExit(state, here, report);
    for (const [field, target] of targetsOf(state)) {
      if (States[target] === undefined) report('MISSING_TRANSITION_TARGET', `${here}/${field}`, `Missing '${field.split('/').at(-1) ?? field}' target: ${target}`);
    }
    if (!seen.has(name)) report('UNREACHABLE_STATE', here, `The state '${name}' cannot be reached`);
    for (const [inner, place] of innerOf(state, here)) checkFlow(inner, place, report, scope);
  }
  if (![...seen].some((name) => isEnd(States[name]))) report('MISSING_END_STATE', at === '' ? '/' : at, 'No end state can be reached');
}

const isEnd = (state: State | undefined): boolean => state !== undefined && (state.End === true || state.Type === 'Succeed' || state.Type === 'Fail');

/** What names something of AWS. Commas would end it where several are named together. */
export const ARN = /^arn:[\w-]+:[\w-]+:[\w-]*:\d*:[^\s,]{1,1024}$/;
export const ARN_RULE = 'must be an ARN, such as arn:aws:acm:eu-central-1:123456789012:certificate/ID';

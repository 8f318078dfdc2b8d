'use strict';
// Events are handed to Lambda, which calls the function when it can: what fails then is tried twice more, and ends in the dead-letter queue, not in the void.

const TRIGGERS = ['ImagePushed', 'DeploymentChanged', 'ScheduleFired', 'AlarmRaised', 'Notify', 'ExecutionStopped'];

const entries = TRIGGERS.map((name) => [
  `${name}Retries`,
  {
    Type: 'AWS::Lambda::EventInvokeConfig',
    Properties: {
      FunctionName: { Ref: `${name}LambdaFunction` },
      Qualifier: '$LATEST',
      MaximumRetryAttempts: 2,
      MaximumEventAgeInSeconds: 3600,
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['DeadLetterQueue', 'Arn'] } } },
    },
  },
]);

module.exports = { retries: { Resources: Object.fromEntries(entries) } };

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

// A look at a bake that failed is not looked again: the next one is a minute away.
entries.push(['WatchRetries', { Type: 'AWS::Lambda::EventInvokeConfig', Properties: { FunctionName: { Ref: 'WatchLambdaFunction' }, Qualifier: '$LATEST', MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 } }]);

module.exports = { retries: { Resources: Object.fromEntries(entries) } };

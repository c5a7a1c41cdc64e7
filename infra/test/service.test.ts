import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { timing } from '../lib/settings.ts'
import { file } from './project-file.ts'
import { SETTINGS, synth } from './synth.ts'

const { ofType, only, templates } = synth()

describe('an instance', () => {
  const template = only('AWS::EC2::LaunchTemplate').LaunchTemplateData

  test('gets the user-data file, byte for byte', () => {
    assert.equal(template.UserData['Fn::Base64'], file('userdata/user-data.sh'))
  })

  test('can read from its tags, by IMDSv2 alone, what user-data asks for', () => {
    assert.deepEqual(template.MetadataOptions, {
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 1,
      InstanceMetadataTags: 'enabled',
    })
    const tags = template.TagSpecifications.find(
      (of: { ResourceType: string }) => of.ResourceType === 'instance',
    ).Tags
    const tag = (name: string) => tags.find(({ Key }: { Key: string }) => Key === name)?.Value
    const asked = [...file('userdata/user-data.sh').matchAll(/\$\(tag (plaza:[\w-]+)\)/g)].map(
      ([, name]) => name,
    )
    assert.deepEqual(asked.sort(), ['plaza:launch-hook', 'plaza:parameters'])
    assert.equal(tag('plaza:parameters'), '/plaza/production')
    const hooks = only('AWS::AutoScaling::AutoScalingGroup').LifecycleHookSpecificationList
    assert.equal(hooks[0].LifecycleHookName, tag('plaza:launch-hook'))
    // The service may not show tags whose keys have other characters.
    for (const { Key } of tags) assert.match(Key, /^[\w+\-=.,:@]+$/)
  })

  test('finds its variables below that path, and nothing else there', () => {
    const names = ofType('AWS::SSM::Parameter').map(({ Properties }) => Properties.Name)
    const example = file('.env.example')
    for (const name of names) {
      assert.match(name, /^\/plaza\/production\/[A-Z0-9_]+$/)
      assert.match(example, new RegExp(`^#${name.split('/').at(-1)}=`, 'm'))
    }
    assert.ok(!JSON.stringify(template.ImageId).includes('/plaza/production'))
  })

  test('has an encrypted gp3 disk', () => {
    const [{ Ebs }] = template.BlockDeviceMappings
    assert.deepEqual([Ebs.VolumeType, Ebs.Encrypted], ['gp3', true])
  })

  test('logs and measures where its agent says', () => {
    const agent = JSON.parse(
      file('ami/root/opt/aws/amazon-cloudwatch-agent/etc/amazon-cloudwatch-agent.json'),
    )
    const written = agent.logs.logs_collected.files.collect_list.map(
      ({ log_group_name: name }: { log_group_name: string }) => name,
    )
    const made = ofType('AWS::Logs::LogGroup').map(({ Properties }) => Properties.LogGroupName)
    assert.deepEqual(written.sort(), made.sort())
    // The figures of hosts are shown by group, under the names that the agent makes of what it is to measure.
    assert.deepEqual(agent.metrics.aggregation_dimensions, [['AutoScalingGroupName']])
    const measured = Object.values<{ measurement: string[] }>(agent.metrics.metrics_collected)
    assert.ok(measured.some(({ measurement }) => measurement.includes('mem_used_percent')))
    assert.ok(agent.metrics.metrics_collected.disk.measurement.includes('used_percent'))
    assert.ok(
      JSON.stringify(templates.service).includes(`"cloudwatch:namespace":"${agent.metrics.namespace}"`),
    )
  })
})

describe('the group', () => {
  const group = only('AWS::AutoScaling::AutoScalingGroup')
  const [refresh] = ofType('AWS::AutoScaling::AutoScalingGroup').map(({ UpdatePolicy }) => UpdatePolicy)

  test('has two to six instances, three to begin with, over three zones', () => {
    assert.deepEqual([group.MinSize, group.DesiredCapacity, group.MaxSize], ['2', '3', '6'])
    assert.equal(group.VPCZoneIdentifier.length, 3)
    assert.equal(group.HealthCheckType, 'ELB')
  })

  test('lets an instance drain, then be let go of, then end; and waits for one until user-data has given up', () => {
    const attributes = only('AWS::ElasticLoadBalancingV2::TargetGroup').TargetGroupAttributes
    const delay = Number(
      attributes.find(({ Key }: { Key: string }) => Key === 'deregistration_delay.timeout_seconds').Value,
    )
    const [launch, terminate] = group.LifecycleHookSpecificationList
    assert.deepEqual(
      [
        launch.LifecycleTransition,
        launch.DefaultResult,
        terminate.LifecycleTransition,
        terminate.DefaultResult,
      ],
      ['autoscaling:EC2_INSTANCE_LAUNCHING', 'ABANDON', 'autoscaling:EC2_INSTANCE_TERMINATING', 'CONTINUE'],
    )
    // And the 10 s that the service gives what is still in flight then.
    assert.ok(timing().drain + 10 < delay)
    assert.ok(delay < terminate.HeartbeatTimeout)
    const patience = Number(/plaza-await \/ready (\d+)/.exec(file('userdata/user-data.sh'))?.[1])
    assert.ok(patience + 60 < launch.HeartbeatTimeout)
    const { HealthCheckIntervalSeconds, UnhealthyThresholdCount } = only(
      'AWS::ElasticLoadBalancingV2::TargetGroup',
    )
    assert.ok(HealthCheckIntervalSeconds * UnhealthyThresholdCount < timing().drain)
  })

  test('takes a new version by instance refresh, never with fewer instances, and back when requests fail', () => {
    const preferences = refresh.AutoScalingInstanceRefresh.Preferences
    assert.equal(preferences.MinHealthyPercentage, 100)
    assert.equal(preferences.AlarmSpecification.Alarms.length, 1)
    // A version by its number, and an image by its id: otherwise there would be no way back.
    assert.deepEqual(Object.keys(group.LaunchTemplate.Version), ['Fn::GetAtt'])
    assert.ok('Ref' in only('AWS::EC2::LaunchTemplate').LaunchTemplateData.ImageId)
  })

  test('grows at 70 % CPU and with the requests of each instance', () => {
    const targets = ofType('AWS::AutoScaling::ScalingPolicy').map(
      ({ Properties }) => Properties.TargetTrackingConfiguration,
    )
    const kinds = targets.map(target => [
      target.PredefinedMetricSpecification.PredefinedMetricType,
      target.TargetValue,
    ])
    assert.deepEqual(kinds, [
      ['ASGAverageCPUUtilization', 70],
      ['ALBRequestCountPerTarget', 3000],
    ])
  })
})

describe('the load balancer', () => {
  test('speaks HTTPS, and on port 80 refuses the API and sends people’s pages on', () => {
    const listeners = ofType('AWS::ElasticLoadBalancingV2::Listener').map(({ Properties }) => Properties)
    const on = (port: number) => listeners.find(({ Port }) => Port === port)
    assert.equal(listeners.length, 2)
    assert.deepEqual(on(443).Certificates, [{ CertificateArn: SETTINGS.certificateArn }])
    assert.match(on(443).SslPolicy, /TLS13-1-2/)
    const [refusal] = on(80).DefaultActions
    assert.equal(refusal.FixedResponseConfig.StatusCode, '403')
    assert.equal(JSON.parse(refusal.FixedResponseConfig.MessageBody).code, 'https_required')
    const pages = only('AWS::ElasticLoadBalancingV2::ListenerRule')
    assert.deepEqual(pages.Conditions[0].PathPatternConfig.Values, [
      '/docs',
      '/docs/*',
      '/verify-email',
      '/reset-password',
    ])
    assert.equal(pages.Actions[0].RedirectConfig.Protocol, 'HTTPS')
  })

  test('keeps access logs, and asks /ready of the instances', () => {
    const attributes = Object.fromEntries(
      only('AWS::ElasticLoadBalancingV2::LoadBalancer').LoadBalancerAttributes.map(
        ({ Key, Value }: { Key: string; Value: string }) => [Key, Value],
      ),
    )
    assert.equal(attributes['access_logs.s3.enabled'], 'true')
    assert.equal(attributes['routing.http2.enabled'], 'true')
    assert.ok(
      Number(attributes['idle_timeout.timeout_seconds']) < 65,
      'less than the service keeps a connection',
    )
    assert.equal(only('AWS::ElasticLoadBalancingV2::TargetGroup').HealthCheckPath, '/ready')
  })
})

describe('the network', () => {
  test('has three zones, and no way in or out but the load balancer', () => {
    assert.equal(only('AWS::EC2::VPC').CidrBlock, '10.0.0.0/16')
    assert.equal(ofType('AWS::EC2::Subnet').length, 6)
    assert.equal(ofType('AWS::EC2::NatGateway').length, 0)
    assert.ok(ofType('AWS::EC2::Subnet').every(({ Properties }) => !Properties.MapPublicIpOnLaunch))
    const open = ofType('AWS::EC2::SecurityGroup').flatMap(
      ({ Properties }) => Properties.SecurityGroupIngress ?? [],
    )
    assert.deepEqual(open.map(({ CidrIp, FromPort }) => [CidrIp, FromPort]).sort(), [
      ['0.0.0.0/0', 443],
      ['0.0.0.0/0', 80],
    ])
  })

  test('lets nobody at the port for operators', () => {
    const ports = ofType('AWS::EC2::SecurityGroupIngress').map(({ Properties }) => [
      Properties.FromPort,
      Properties.ToPort,
    ])
    assert.deepEqual(ports.map(String).sort(), ['3000,3000', '443,443', '6379,6379'])
  })

  test('reaches S3 and DynamoDB by gateway', () => {
    const gateways = ofType('AWS::EC2::VPCEndpoint').filter(
      ({ Properties }) => Properties.VpcEndpointType === 'Gateway',
    )
    const names = JSON.stringify(gateways.map(({ Properties }) => Properties.ServiceName))
    assert.ok(gateways.length === 2 && names.includes('.s3') && names.includes('.dynamodb'))
  })
})

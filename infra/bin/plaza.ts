import { App } from 'aws-cdk-lib'
import { createPlaza } from '../lib/plaza.ts'
import { settingsOf } from '../lib/settings.ts'

const app = new App()
createPlaza(app, settingsOf(app))
app.synth()

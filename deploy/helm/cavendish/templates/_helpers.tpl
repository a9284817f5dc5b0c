{{- define "cavendish.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "cavendish.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "cavendish.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "cavendish.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "cavendish.selector" -}}
app.kubernetes.io/name: {{ include "cavendish.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "cavendish.labels" -}}
{{ include "cavendish.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: cavendish
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "cavendish.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "cavendish.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "cavendish.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "cavendish.host" -}}
{{- default (urlParse .Values.baseUrl).hostname .Values.ingress.host -}}
{{- end -}}

{{/* Settings of the platform's own processes. What `config` names wins over what the chart works out. */}}
{{- define "cavendish.env" -}}
{{- $root := .root -}}
{{- $worked := dict
    "BASE_URL" $root.Values.baseUrl
    "ALLOWED_HOSTS" (include "cavendish.host" $root)
    "BEHIND_PROXY" "true"
    "FORWARDED_ALLOW_IPS" $root.Values.trustedProxies
    "HEALTH_HOST" "0.0.0.0"
-}}
{{- if $root.Values.sandbox.enabled -}}
{{- $_ := set $worked "SANDBOX_URL" (printf "http://%s-sandbox:8100" (include "cavendish.fullname" $root)) -}}
{{- end -}}
{{- $all := merge (dict) ($root.Values.config | default dict) (.own | default dict) $worked -}}
{{- range $name, $value := $all }}
- name: {{ $name }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- with .extra }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* What every pod of the platform has alike: who it runs as, and where it may run. */}}
{{- define "cavendish.pod" -}}
serviceAccountName: {{ include "cavendish.serviceAccount" .root }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- toYaml .root.Values.podSecurityContext | nindent 2 }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .values.topologySpread }}
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "cavendish.selector" (dict "root" $.root "component" $.component) | nindent 8 }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "cavendish.container" -}}
image: {{ include "cavendish.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  {{- toYaml .root.Values.containerSecurityContext | nindent 2 }}
{{- with .resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* A process that hangs is ended; one that cannot work gets no requests. /readyz answers within five seconds. */}}
{{- define "cavendish.probes" -}}
startupProbe:
  httpGet: {path: /livez, port: {{ . }}}
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /livez, port: {{ . }}}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 4
readinessProbe:
  httpGet: {path: /readyz, port: {{ . }}}
  periodSeconds: 5
  timeoutSeconds: 6
  failureThreshold: 2
{{- end -}}

{{- define "cavendish.filesMount" -}}
{{- if .Values.filesSecret }}
- {name: files, mountPath: /etc/cavendish/files, readOnly: true}
{{- end }}
{{- end -}}

{{- define "cavendish.filesVolume" -}}
{{- if .Values.filesSecret }}
- name: files
  secret: {secretName: {{ .Values.filesSecret | quote }}, defaultMode: 0440}
{{- end }}
{{- end -}}

{{/* Names are fixed: there is one Rightslice in a cluster, and Helm refuses a second release that would own the same objects. */}}
{{- define "rightslice.labels" -}}
app.kubernetes.io/name: rightslice
app.kubernetes.io/part-of: rightslice
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* Of an object in the release's namespace. */}}
{{- define "rightslice.metadata" -}}
name: rightslice
namespace: {{ .Release.Namespace }}
labels:
  {{- include "rightslice.labels" . | nindent 2 }}
{{- end }}

{{/* The name of the ConfigMap with policies; empty where all policies are objects. */}}
{{- define "rightslice.policies" -}}
{{- if .Values.policies.existingConfigMap }}{{ .Values.policies.existingConfigMap }}
{{- else if or (eq .Values.policies.starter "audit") .Values.policies.files }}rightslice-policies
{{- end }}
{{- end }}

#!/usr/bin/env bats
# podman: pods, health checks, system containers, notification.
# where: vm-full
# limit: 900
# machine: podman conmon buildah crun runc catatonit netavark aardvark-dns apparmor iptables nftables uidmap fuse-overlayfs slirp4netns e2fsprogs strace
# images: busybox systemd

load helpers
load podman

# Pods hold containers that podman rm does not take.
remove_pods() {
	podman pod rm -fa -t 0
}

@test "a pod: shared namespaces, start, pause, stop, and the pod's cgroup" {
	run_podman 0 pod create --name "p$NAME" --infra-image "$image" --infra-command "sleep 3000" \
		--share ipc,net,uts
	run_podman 0 run -d --pod "p$NAME" --name "$NAME-a" "$image" sleep 1000
	run_podman 0 run -d --pod "p$NAME" --name "$NAME-b" "$image" sleep 1100
	assert_equal "$(readlink "/proc/$(pid_of "$NAME-a")/ns/net")" \
		"$(readlink "/proc/$(pid_of "$NAME-b")/ns/net")"
	run_podman 0 pod pause "p$NAME"
	state_is "$NAME-a" paused
	run_podman 0 pod unpause "p$NAME"
	run_podman 0 pod top "p$NAME"
	assert_output_has "sleep 1100"
	run_podman 0 pod stop -t 0 "p$NAME"
	run_podman 0 pod start "p$NAME"
	state_is "$NAME-b" running
	remove_pods
}

@test "play kube: a pod from a file, with an init container" {
	cat >"$TMP/pod.yaml" <<-END
		apiVersion: v1
		kind: Pod
		metadata:
		  name: p$NAME
		spec:
		  initContainers:
		  - name: first
		    image: $image
		    imagePullPolicy: Never
		    command: [sh, -c, "echo made > /shared/file"]
		    volumeMounts: [{name: v, mountPath: /shared}]
		  containers:
		  - name: main
		    image: $image
		    imagePullPolicy: Never
		    command: [sleep, "1000"]
		    securityContext: {runAsUser: 1000, readOnlyRootFilesystem: true}
		    volumeMounts: [{name: v, mountPath: /shared}]
		  volumes:
		  - name: v
		    emptyDir: {}
	END
	run_podman 0 play kube "$TMP/pod.yaml"
	run_podman 0 exec "p$NAME-main" sh -c 'cat /shared/file; id -u'
	assert_stdout $'made\n1000'
	run_podman 0 play kube --down "$TMP/pod.yaml"
}

@test "health check: healthy, then not" {
	start_sleeper --health-cmd 'test ! -e /tmp/ill' --health-interval disable --health-retries 1
	run_podman 0 healthcheck run "$NAME"
	run_podman 0 exec "$NAME" touch /tmp/ill
	run_podman 1 healthcheck run "$NAME"
	assert_equal "$(inspect "$NAME" '{{.State.Health.Status}}')" unhealthy
}

@test "a program that says when it is ready: --sdnotify=container" {
	podman load -q -i "$images/systemd.tar"
	python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
s.settimeout(200)
while True:
    print(s.recv(4096).decode(), flush=True)' "$TMP/notify" >"$TMP/said" 2>&1 3>&- 4>&- &
	local listener=$!
	wait_for 10 test -S "$TMP/notify"
	NOTIFY_SOCKET=$TMP/notify run_podman 0 run -d --name "$NAME" --sdnotify container localhost/systemd \
		sh -c 'systemd-notify --ready; echo $?; exec sleep 1000'
	wait_for 20 grep -q READY=1 "$TMP/said"
	wait_for 10 logs_have "$NAME" 0
	kill "$listener"
	wait "$listener" || assert_equal $? 143
}

@test "--systemd=always: Debian's systemd boots, runs services and shuts down" {
	podman load -q -i "$images/systemd.tar"
	run_podman 0 run -d --name "$NAME" --systemd always localhost/systemd
	systemd_is_up() {
		[[ $(podman exec "$NAME" systemctl is-system-running) =~ ^(running|degraded)$ ]]
	}
	wait_for 60 systemd_is_up
	run_podman 0 exec "$NAME" systemctl is-active dbus.service
	assert_stdout active
	run_podman 0 exec "$NAME" systemd-run --wait -q --pipe echo from-a-unit
	assert_stdout from-a-unit
	run_podman 0 exec "$NAME" cat /proc/1/cgroup
	assert_stdout 0::/init.scope
	run_podman 0 stop -t 90 "$NAME"
	# systemd ended by itself: it was not killed for want of time.
	assert_equal "$(inspect "$NAME" '{{.State.ExitCode}}')" 0
}

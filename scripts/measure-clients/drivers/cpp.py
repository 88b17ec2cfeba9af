"""Asks the AWS SDK for C++ in pyarrow for a bucket as AWS_PROFILE, on a server of our own, which sees who signed: prints `ok KEY_ID` or `error REASON`."""
import http.server
import os
import re
import threading

signers = []


class Bucket(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        signers.append(re.search(r"Credential=([^/]+)/", self.headers.get("Authorization", "")))
        self.send_response(403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_PUT = do_POST = do_GET

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
threading.Thread(target=server.serve_forever, daemon=True).start()

from pyarrow import fs

try:
    bucket = fs.S3FileSystem(region="eu-west-1", scheme="http", endpoint_override=f"127.0.0.1:{server.server_port}")
    bucket.get_file_info("bucket/object")
except Exception as problem:
    reason = str(problem).replace("\n", " ")
found = [signer.group(1) for signer in signers if signer]
print(f"ok {found[0]}" if found else f"error {'unsigned' if signers else reason}", flush=True)
os._exit(0)

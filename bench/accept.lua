-- wrk: POST /api/v1/documents/ with a different body each time. Arguments: API key, template id.
local key, template, thread = "", "", 0
local threads = 0

function setup(t)
  t:set("thread_number", threads)
  threads = threads + 1
end

function init(args)
  key, template = args[1], args[2]
  wrk.method = "POST"
  wrk.headers["X-API-Key"] = key
  wrk.headers["Content-Type"] = "application/json"
  count = 0
end

function request()
  count = count + 1
  local body = string.format(
    '{"template_id":"%s","output_format":"docx","input_json":{"name":"Customer %d of %d","items":["%d","paper","ink","a line of text"]}}',
    template, count, thread_number, count * 7919)
  return wrk.format(nil, "/api/v1/documents/", nil, body)
end

function response(status)
  if status ~= 202 then
    refused = (refused or 0) + 1
  end
end

function done(summary, latency)
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration, summary.errors.status + summary.errors.read + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end

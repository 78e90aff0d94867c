// SPDX-License-Identifier: Apache-2.0
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.stream.Stream;

class Client {
  public static void main(String[] words) throws Exception {
    HttpClient client = HttpClient.newHttpClient();
    HttpRequest request = HttpRequest.newBuilder(URI.create(words[0])).build();
    Stream.generate(() -> client.sendAsync(request, BodyHandlers.ofByteArray())).limit(5).toList()
        .forEach(answer -> answer.join());
  }
}
